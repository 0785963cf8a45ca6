"""What the tests of the postoffice's side share: MMFF written and read as bytes, and a gateway with a postoffice of format = mmff whose
put program keeps what it was given."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "system"))
import harness  # noqa: E402

GET, PUT = os.path.join(harness.BUILD, "smtpget"), os.path.join(harness.BUILD, "smtpput")


def mmff(to, text, parts=(), sender="TEST/HQ/jdoe", more=()):
    lines = ["VERSION:3.00"] + ["TO:" + t for t in to] + ["FROM:" + sender, *more]
    lines += ["ATTACHMENT:%s %d" % (name, len(data)) for name, data in parts] + ["TEXT:%d" % len(text), ""]
    return ("\r".join(lines) + text).encode("cp437") + b"".join(data for _, data in parts)


class Message:
    """One message of MMFF with CR ends, taken apart."""

    def __init__(self, data):
        head, at = [], 0
        while not head or not head[-1].startswith("TEXT:"):
            end = data.index(b"\r", at)
            head.append(data[at:end].decode("cp437"))
            at = end + 1
        self.head = head
        size = int(head[-1][5:])
        self.text = data[at:at + size].decode("cp437")
        self.parts, at = [], at + size
        for line in head:
            if line.startswith("ATTACHMENT:"):
                name, _, n = line[11:].rpartition(" ")
                self.parts.append((name, data[at:at + int(n)]))
                at += int(n)
        assert at == len(data), "bytes behind the message"

    def field(self, name):
        for line in self.head:
            if line.startswith(name + ":"):
                return line[len(name) + 1:]
        return None


class Office(harness.Case):
    def office(self, more="", **settings):
        """A gateway that has started, whose postoffice of format = mmff keeps each message it gets in the folder `taken`."""
        g = self.gateway(postoffice="format = mmff\nwait = 1s\n" + more, **settings)
        self.taken = os.path.join(g.folder, "taken")
        os.makedirs(os.path.join(g.mail, "smtp"))
        os.makedirs(self.taken)
        script = os.path.join(g.folder, "put.sh")
        with open(script, "w") as f:
            f.write("#!/bin/sh\nfor f; do :; done\nn=$(ls %s | wc -l)\ncp \"$f\" %s/.new && mv %s/.new %s/$n && rm \"$f\"\n" % ((self.taken,) * 4))
        os.chmod(script, 0o755)
        with open(g.ini) as f:
            text = f.read()
        with open(g.ini, "w") as f:
            f.write(text.replace("format = mmff", "format = mmff\nput = " + script))
        return g.start()

    def comes_in(self, g, content, sender="joe@far.test"):
        """A mail, and the message that the postoffice gets of it."""
        before = len(os.listdir(self.taken))
        self.assertEqual(g.send(content, sender=sender)[0], 250)
        path = os.path.join(self.taken, str(before))
        harness.wait_for("the message", lambda: os.path.exists(path))
        with open(path, "rb") as f:
            return Message(f.read())
