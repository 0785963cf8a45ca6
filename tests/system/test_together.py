"""Everybody at once on one postoffice: several smtpput and smtpget, two of them on one file, and the gateway's own cycle both ways. Each
message is found once, whole. Two gateways take turns with programs that lock nothing, as those of the original did not."""

import email
import email.policy
import os
import re
import subprocess

import harness

GET, PUT = os.path.join(harness.BUILD, "smtpget"), os.path.join(harness.BUILD, "smtpput")
NAME = re.compile(r"message [\w-]+\.")


def mmff(number, to=("SMTP:joe@far.test", "TEST/HQ/jdoe")):
    text = "message %s." % number
    lines = ["VERSION:3.00"] + ["TO:" + t for t in to] + ["FROM:TEST/HQ/jdoe", "ATTACHMENT:f.bin 300", "TEXT:%d" % len(text), text]
    return "\r".join(lines).encode() + bytes(300)


def text_of(data):
    """What the text of a mail says, its attachment being whole."""
    mail = email.message_from_bytes(data, policy=email.policy.default)
    (part,) = mail.iter_attachments()
    assert part.get_content() == bytes(300)
    return mail.get_body(("plain",)).get_content().strip()


class Together(harness.Case):
    def office(self, path=None, **settings):
        self.far = self.sink()
        g = self.gateway(ini=harness.route(self.far.port), **settings)
        if path:
            with open(g.ini) as f:
                text = f.read().replace("path = %s\n" % g.mail, "path = %s\n" % path)
            with open(g.ini, "w") as f:
                f.write(text)
            g.mail = path
        for name in ("smtp", "outgoing/new"):
            os.makedirs(os.path.join(g.mail, name), exist_ok=True)
        return g

    def file(self, g, name, numbers):
        with open(os.path.join(g.folder, name), "wb") as f:
            f.write(b"".join(map(mmff, numbers)))
        return f.name

    def run_together(self, *commands):
        return [subprocess.Popen(c, stderr=subprocess.PIPE) for c in commands]

    def end(self, programs, status=(0,)):
        for p in programs:
            self.assertIn(p.wait(harness.LIMIT), status, p.stderr.read())
            p.stderr.close()

    def test_programs_beside_the_gateway(self):
        """A message is for somebody far away and for a mailbox here: the first part leaves by the gateway or is in a file of smtpget."""
        g = self.office(postoffice="format = mmff\nwait = 1s\n")
        first = ["a%d-%d" % (k, i) for k in range(4) for i in range(20)]
        second = ["b%d-%d" % (k, i) for k in range(4) for i in range(10)]
        third = ["c%d" % i for i in range(10)]
        outs = [os.path.join(g.folder, "out%d.api" % k) for k in range(2)]
        self.end(self.run_together(*([PUT, "-d" + g.mail, self.file(g, "a%d" % k, first[20 * k:20 * k + 20])] for k in range(4))))
        self.end(self.run_together(*([GET, "-d" + g.mail, "-n6", outs[k % 2]] for k in range(4))))
        g.start()
        files = [self.file(g, "b%d" % k, second[10 * k:10 * k + 10]) for k in range(4)]
        putters = self.run_together(*([PUT, "-d" + g.mail, path] for path in files * 2))  # two for each file: one finds it gone
        sent = 0
        while sent < 12 or any(p.poll() is None for p in putters):
            getters = self.run_together(*([GET, "-d" + g.mail, "-n1", outs[k % 2]] for k in range(3)))
            if sent < 12:
                self.assertEqual(g.send(harness.HEADER + b"message d%d.\r\n" % sent)[0], 250)
                sent += 1
            self.end(getters)
        self.end(putters, status=(0, 66))
        self.end(self.run_together([PUT, "-d" + g.mail, self.file(g, "c", third)]))
        got = []
        for path in outs:
            with open(path, "rb") as f:
                got += NAME.findall(f.read().decode("latin-1"))
        self.assertGreaterEqual(len(got), 24)
        everything = ["message %s." % n for n in first + second + third]
        harness.wait_for(lambda: "%d of %d" % (len(got) + self.far.count(), len(everything)), lambda: len(got) + self.far.count() >= len(everything))
        harness.wait_for("the queue is empty", lambda: not g.queue())
        self.assertEqual(sorted(got + [text_of(m["data"]) for m in self.far.messages]), sorted(everything))
        here = [NAME.search(m.decode("latin-1"))[0] for m in g.messages()]
        self.assertEqual(sorted(here), sorted(everything + ["message d%d." % i for i in range(12)]))
        for path in outs:  # whole, each: what reads them strictly takes them all
            again = subprocess.run([PUT, "-d" + g.mail, "-k", path], stderr=subprocess.PIPE, timeout=harness.LIMIT)
            self.assertEqual((again.returncode, again.stderr), (0, b""))
        self.assertEqual([n for n in os.listdir(os.path.join(g.mail, "outgoing")) if n == "bad"], [])
        g.stop()

    def test_smtpput_on_the_file_of_the_gateway(self):
        """Somebody runs it on to_nc.api, which is the gateway's, and is always first here: what he takes is not put again, and whom he did not
        find is told."""
        g = self.office()
        script = os.path.join(g.folder, "smtpput")  # by its name it is ours
        with open(script, "w") as f:
            f.write("#!/bin/sh\nfor f; do :; done\n%s -d%s \"$f\" >/dev/null 2>&1\nexec %s \"$@\"\n" % (PUT, g.mail, PUT))
        os.chmod(script, 0o755)
        g.write(ini=harness.route(self.far.port), postoffice="format = mmff\nwait = 1s\nmailboxes = any\nput = %s\n" % script)
        g.start()
        for n in range(3):
            self.assertEqual(g.send(harness.HEADER + b"message d%d.\r\n" % n, ["jdoe@example.test", "nobody@example.test"])[0], 250)
        harness.wait_for("the reports", lambda: self.far.count() >= 3)
        harness.wait_for("the queue is empty", lambda: not g.queue())
        self.assertEqual(g.log().count("by=\"another smtpput that was run on to_nc.api\""), 3)
        here = [NAME.search(m.decode("latin-1"))[0] for m in g.messages()]
        self.assertEqual(sorted(here), ["message d%d." % n for n in range(3)])
        self.assertTrue(all(b"there is no mailbox nobody" in m["data"] for m in self.far.messages))
        g.stop()

    def test_two_gateways_take_turns_with_programs_that_lock_nothing(self):
        """Such a program notes when it does not run alone, get and put each for itself."""
        folder = self.office().folder
        for name in ("get", "put"):
            with open(os.path.join(folder, name + ".sh"), "w") as f:
                f.write("#!/bin/sh\ncd %s\nmkdir %s.busy 2>/dev/null || echo %s >>overlaps\nsleep 0.2\n" % (folder, name, name))
                f.write("for f; do :; done\n[ %s = get ] || cp \"$f\" \"taken.$$\" && rm -f \"$f\"\nrmdir %s.busy\necho %s >>runs\n" % (name, name, name))
            os.chmod(f.name, 0o755)
        keys = "format = mmff\nwait = 1s\nget = %s/get.sh\nput = %s/put.sh\n" % (folder, folder)
        one = self.office(postoffice=keys).start()
        two = self.office(path=one.mail, postoffice=keys).start()
        for n in range(8):
            for g in (one, two):
                self.assertEqual(g.send(harness.HEADER + b"message %d-%d.\r\n" % (n, g.port))[0], 250)

        def runs():
            try:
                with open(os.path.join(folder, "runs")) as f:
                    return f.read().split()
            except FileNotFoundError:
                return []
        harness.wait_for(lambda: "enough runs: %s" % runs(), lambda: runs().count("put") >= 16 and runs().count("get") >= 8)
        for g in (one, two):
            harness.wait_for("the queue is empty", lambda g=g: not g.queue())
        self.assertFalse(os.path.exists(os.path.join(folder, "overlaps")))  # now: a script that is killed by a stop leaves its mark behind
        for g in (one, two):
            g.stop()
        taken = []
        for name in os.listdir(folder):
            if name.startswith("taken."):
                with open(os.path.join(folder, name), encoding="cp437") as f:
                    taken += NAME.findall(f.read())
        self.assertEqual(sorted(taken), sorted("message %d-%d." % (n, g.port) for n in range(8) for g in (one, two)))


if __name__ == "__main__":
    harness.main()
