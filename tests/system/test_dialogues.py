"""Dialogues of old devices, one a file in dialogues/, replayed byte by byte: each key of a profile admits what it is for.

A file has comments (#), what the device needs and what must come of it, then the dialogue:

	key: helo = any         a key of the profile that it gets, in addition to those of `modern`
	user: anna secret       who may log in
	C: HELO \\r\\n            what it sends: Python's escapes, each character a byte, nothing added
	S: 250                  how the last line of an answer begins (escapes, too); a line `without: WORD` behind it: WORD is in none of it
	tls: 1.0                TLS begins here, in this version and no other
	got: \\nDate:            stands in the message that arrives
	as: robot@lan.test      its sender in the history

With all its keys a dialogue goes through to the end. Without any one of them it does not, or what arrives is another message: no key
stands in a file, or in a profile, for nothing.
"""

import os
import ssl
import warnings

import harness
from tls import Secure

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "dialogues")
VERSIONS = {"1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1}
LIMITS = {"helo", "brackets", "bare_newline", "auth_clear", "auth_prompt", "tls_offer", "tls_min", "repair", "from", "sender", "max_size"}


def unescaped(text):
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


class Dialogue:
    def __init__(self, name):
        self.name, self.keys, self.got, self.user, self.sender, self.steps = name, [], [], None, None, []
        with open(os.path.join(FOLDER, name), encoding="ascii") as f:
            for line in f.read().splitlines():
                if not line.startswith("#"):
                    self.read(*line.split(": ", 1))

    def read(self, word, value):
        if word == "key":
            self.keys.append(value)
        elif word == "got":
            self.got.append(unescaped(value))
        elif word == "user":
            self.user = value.split()
        elif word == "as":
            self.sender = value
        elif word in ("C", "S", "tls", "without"):
            self.steps.append((word, value))
        else:
            raise AssertionError("%s: there is no word %s" % (self.name, word))

    def fault(self, client):
        """None when it went through to the end, else where it ended."""
        answer = b""
        for word, value in self.steps:
            if word == "C":
                for byte in unescaped(value):
                    client.sock.sendall(bytes([byte]))
            elif word == "tls":
                try:
                    client.secure(old_context(VERSIONS[value]))
                except ssl.SSLError as e:
                    return str(e)
            elif word == "without":
                if value.encode() in answer:
                    return "%s in %r" % (value, answer)
            else:
                answer = client.whole_reply()
                last = answer.splitlines(True)[-1] if answer else b"the end of the connection"
                if not last.startswith(unescaped(value)):
                    return "%r instead of %s" % (last, value)
        return None


def old_context(version):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    return context


class Device(Secure):
    """Sends bytes as they are, and tells answers as they come; the greeting is an answer like others."""

    def reply(self):
        return None

    def whole_reply(self):
        answer = b""
        while True:
            line = self.file.readline()
            answer += line
            if line[3:4] != b"-":
                return answer


class Dialogues(harness.Case):
    def start(self, cases):
        """One gateway; each case (dialogue, keys) is a client address with a profile of those keys."""
        profiles = "".join("[profile p%d]\nclients = 127.0.2.%d\n%s\n" % (n, n, "\n".join(keys)) for n, (_, keys) in enumerate(cases, 1))
        g = self.gateway()
        users = os.path.join(g.folder, "users")
        g.write(ini="[profile strict]\nrepair = none\n" + profiles.replace("clients =", "like = strict\nclients ="),
                listen="certificate = auto\nauth = offered\nusers = %s\nrelay_from = none\n" % users)
        for name, password in {tuple(d.user) for d, _ in cases if d.user}:
            done = g.command("user", "add", name, input=password + "\n")
            self.assertEqual(done.returncode, 0, done.stderr)
        return g.start()

    def fault(self, g, number, dialogue):
        """None: it went through, and what came of it is right."""
        before, taken = set(g.messages()), len(g.history())
        client = Device("127.0.0.1", g.port, source=("127.0.2.%d" % number, 0))
        self.addCleanup(client.close)
        fault = dialogue.fault(client)
        if fault or ("S", "552") in dialogue.steps:
            return fault
        harness.wait_for("the message of %s" % dialogue.name, lambda: g.count() > len(before))
        arrived, = set(g.messages()) - before
        for part in dialogue.got:
            if part not in arrived:
                return "%r is not in what arrived: %r" % (part, arrived)
        sender = g.history()[taken + 1]["from"]
        if dialogue.sender and sender != dialogue.sender:
            return "it was sent as %s" % sender
        return None

    def test_each(self):
        dialogues = [Dialogue(name) for name in sorted(os.listdir(FOLDER))]
        cases = [(d, d.keys) for d in dialogues]
        for d in dialogues:
            cases += [(d, d.keys[:n] + d.keys[n + 1:]) for n in range(len(d.keys))]
        self.assertLess(len(cases), 255)
        g = self.start(cases)
        for number, (dialogue, keys) in enumerate(cases, 1):
            with self.subTest(dialogue=dialogue.name, keys=keys):
                fault = self.fault(g, number, dialogue)
                if keys == dialogue.keys:
                    self.assertIsNone(fault)
                else:
                    self.assertIsNotNone(fault, "it goes through without a key that it has")
        used = {key.split(" =")[0] for d in dialogues for key in d.keys}
        self.assertEqual(used, LIMITS, "every key of a profile that lets something pass has a dialogue")
        g.stop()


if __name__ == "__main__":
    harness.main()
