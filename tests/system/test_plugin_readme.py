"""The README of each TCP/IP: it says what it must, and its commands, pasted into a shell as they stand, bring up a network on which
the vendor then starts and carries a mail. Their paths and names are fixed, so each is pasted where it is alone: namespaces of
mounts, with an empty /run, of the network and of processes."""

import json
import os
import re
import subprocess

import harness

PLUGINS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "plugins")
SECTIONS = "Needs", "By hand", "Settings", "imits", "Licence"
SEND = ("import smtplib,sys\ns=smtplib.SMTP(sys.argv[1],25,'client.test',60)\n"
        "s.sendmail('me@client.test',sys.argv[2:],'Subject: by hand\\r\\n\\r\\nover ' + sys.argv[1] + '\\r\\n');s.quit()")


class Alone:
    """A machine for pasting: what is started there ends with it."""

    def __init__(self):
        self.keeper = subprocess.Popen(["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c",
                                        "mount -t tmpfs none /run && ip link set lo up && echo ready && exec cat"],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.keeper.stdout.readline() != "ready\n":
            raise AssertionError("no namespaces")
        with open("/proc/%d/task/%d/children" % (self.keeper.pid, self.keeper.pid)) as f:
            child = f.read().split()[0]
        self.inside = ["nsenter", "--target", child, "--mount", "--net", "--pid", "--"]

    def close(self):
        self.keeper.stdin.close()
        self.keeper.wait(harness.LIMIT)
        self.keeper.stdout.close()


class Readme(harness.Case):
    def read(self, code):
        with open(os.path.join(PLUGINS, code, "README.md")) as f:
            return f.read()

    def blocks(self, code, kind):
        by_hand = re.search(r"^## By hand\n(.*?)^## ", self.read(code), re.M | re.S).group(1)
        found = re.findall(r"^```%s\n(.*?)^```" % kind, by_hand, re.M | re.S)
        self.assertEqual(len(found), 1, "one block of %s" % kind)
        return found[0]

    def by_hand(self, code, client, host):
        for name in SECTIONS:
            self.assertRegex(self.read(code), "(?m)^## .*" + name)
        alone = Alone()
        self.addCleanup(alone.close)
        g = self.gateway(prefix=alone.inside, vendor=self.blocks(code, "ini"))
        rows = json.loads(g.command("vendors", "--json").stdout)
        if [r["state"] for r in rows if r["code"] == code] == ["not here"]:
            self.skipTest("%s is left out of this build" % code)
        with open(os.path.join(g.folder, "smtpgate"), "w") as f:
            f.write("#!/bin/sh\nexec %s \"$@\"\n" % harness.PROGRAM)
        os.chmod(f.name, 0o755)
        pasted = subprocess.run([*alone.inside, "bash"], input=self.blocks(code, "sh"), text=True, timeout=harness.LIMIT,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                env=dict(g.env, PATH="%s:%s" % (g.folder, os.environ["PATH"]), SMTPGATE_CONFIG=g.ini))
        self.assertEqual(pasted.returncode, 0, pasted.stdout)
        self.assertRegex(pasted.stdout, r"(?m)^provider .*running")
        g.start()
        sent = subprocess.run([*alone.inside, *client, "/usr/bin/python3", "-c", SEND, host, "jdoe@example.test"], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=harness.LIMIT * 2)
        self.assertEqual(sent.returncode, 0, sent.stdout + g.log())
        harness.wait_for("the mail", lambda: g.count() == 1)
        self.assertIn(b"over " + host.encode(), g.messages()[0])
        self.assertIn("vendor=%s" % code, g.log())
        self.assertEqual(g.command("stop").returncode, 0)
        g.process.wait(harness.LIMIT)

    def test_lmn(self):
        self.by_hand("lmn", [], "127.0.0.1")

    def test_xln(self):
        self.by_hand("xln", [], "127.0.0.1")

    def on_ethernet(self, code):
        self.by_hand(code, ["ip", "netns", "exec", "there"], "10.1.0.25")

    def test_ftp(self):
        self.on_ethernet("ftp")

    def test_nvl(self):
        self.on_ethernet("nvl")

    def test_win(self):
        self.on_ethernet("win")


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("namespaces are root's to make")
        raise SystemExit(77)
    harness.main()
