#!/usr/bin/env python3
"""vendors: the five, each with the original's vendor beside it, and what else lies in the plugin folders; and the names of the
program that pick one of the five."""

import json
import os
import re
import subprocess
import tempfile

import testbed

# as article Q101461 has them
FIVE = {"lmn": "Microsoft LAN Manager for MS-DOS", "ftp": "PC/TCP Kernel, FTP Software, Inc.",
        "nvl": "Novell LAN WorkPlace for DOS 4.0", "win": "WIN/TCP for DOS RunTime 4.1, The Wollongong Group, Inc.",
        "xln": "Excelan EXOS 205T Intelligent Ethernet Controller"}
SWAPPED = "Q96244 prints the rows of win and xln swapped; this table follows Q101461"


class Vendors(testbed.Case):
    def test_the_five(self):
        g = self.gateway()
        done = self.check(g.command("vendors"), 0)
        table, notes = done.stdout.split("\n\n")
        rows = [re.split("  +", line) for line in table.splitlines()[1:]]
        self.assertEqual([row[:2] for row in rows[:5]], [list(pair) for pair in FIVE.items()])
        self.assertEqual(notes, "win, xln: %s\n" % SWAPPED)

    def test_the_five_as_json(self):
        rows = json.loads(self.check(self.gateway().command("vendors", "--json"), 0).stdout)
        self.assertEqual({row["code"]: row["vendor"] for row in rows[:5]}, FIVE)
        self.assertEqual({row["code"]: row["note"] for row in rows if row["note"]}, {"win": SWAPPED, "xln": SWAPPED})
        for row in rows:
            self.assertEqual(set(row), {"code", "vendor", "provider", "state", "file", "detail", "note"})

    def test_json_and_foreign_modules(self):
        g = self.gateway()
        folder = os.path.join(g.folder, "mods")
        os.mkdir(folder)
        with open(os.path.join(folder, "odd.so"), "w") as f:
            f.write("no module")
        with open(g.ini) as f:
            text = f.read()
        with open(g.ini, "w") as f:
            f.write(text.replace("[gateway]", "[gateway]\nplugin_dir = " + folder, 1))
        rows = {row["code"]: row for row in json.loads(self.check(g.command("vendors", "--json"), 0).stdout)}
        self.assertEqual(rows["lmn"]["state"], "running")
        self.assertTrue(rows["lmn"]["file"].endswith("/lmn.so"))
        self.assertEqual(rows["odd"]["state"], "refused")
        self.assertIn("odd.so", rows["odd"]["detail"])

    def test_one_that_its_settings_keep_says_what_helps(self):
        """Without [vendor win] nobody knows its network."""
        rows = {row["code"]: row for row in json.loads(self.gateway().command("vendors", "--json").stdout)}
        if rows["win"]["file"]:
            self.assertEqual(rows["win"]["detail"], "network is missing; network = vde:///run/vde.ctl")

    def test_its_section_is_what_is_looked_at(self):
        """Also when the section has another name; what is wrong in it is told."""
        sw = os.path.join(tempfile.gettempdir(), "no-switch-%d" % os.getpid())
        for ini, state, detail in (
                ("[vendor win]\nnetwork = vde://%s\naddress = 10.1.0.25/16\nsource = 10.1.0.26\n" % sw, "not running", "no switch at " + sw),
                ("[vendor old]\nplugin = win\nnetwork = vde://%s\naddress = 10.1.0.25/16\nsource = 10.1.0.26\n" % sw, "not running",
                 "no switch at " + sw),
                ("[vendor win]\nnetwork = vde://%s\naddress = 10.1.0.25\n" % sw, "bad settings", "address = 10.1.0.25: not an IPv4 address"),
                ("[vendor win]\nnetwerk = vde://%s\n" % sw, "bad settings", "netwerk")):
            g = self.gateway(vendor=ini)
            rows = {row["code"]: row for row in json.loads(self.check(g.command("vendors", "--json"), 0).stdout)}
            if rows["win"]["file"]:
                self.assertEqual(rows["win"]["state"], state, rows["win"])
                self.assertIn(detail, rows["win"]["detail"])
            self.assertEqual(rows["lmn"]["state"], "running")


class Names(testbed.Case):
    def test_each_picks_its_vendor(self):
        """Over [gateway] vendor; that of a listener stands."""
        g = self.gateway(gateway="vendor = nvl\n", listen="vendor = ftp\n")
        for code in FIVE:
            self.check(self.called(g, "smtp" + code, "config", "gateway"), 0, "\nvendor = %s ; the name of the program\n" % code)
            self.check(self.called(g, "smtp" + code, "config", "listen", "lan"), 0, "\nvendor = ftp ; ")
        self.check(g.command("config", "gateway"), 0, "\nvendor = nvl ; %s:" % g.ini)

    def test_each_runs_it(self):
        """In a network that has nothing: each is refused under its own name, with the original's vendor beside it."""
        g = self.gateway(plugins=["lmn"])
        for code, vendor in FIVE.items():
            self.called(g, "smtp" + code, "config")  # makes the link
            done = subprocess.run([*testbed.NO_NETWORK, os.path.join(g.folder, "smtp" + code), "run", "--config", g.ini], text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=testbed.LIMIT, env=g.env)
            self.check(done, 123, err="socket error (123)\n  vendor: %s, %s (" % (code, vendor))

    def test_the_renamed_executable_serves(self):
        g = self.gateway(gateway="vendor = nvl\n")
        self.called(g, "smtplmn", "config")
        with open(g.log_path, "ab") as log:
            g.process = subprocess.Popen([os.path.join(g.folder, "smtplmn"), "run", "--config", g.ini], stdout=log, stderr=log,
                                         env=g.env)
        testbed.wait_for("it answers", g.answers)
        self.assertEqual([s["name"] for s in g.json("status")["stacks"]], ["lmn"])
        g.stop()


if __name__ == "__main__":
    testbed.main()
