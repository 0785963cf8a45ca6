#!/usr/bin/env python3
"""vendors: the five and what else lies in the plugin folders."""

import json
import os

import testbed


class Vendors(testbed.Case):
    def test_the_five(self):
        g = self.gateway()
        done = self.check(g.command("vendors"), 0, out=["Excelan EXOS 205T", "Q96244", "Q101461", "win, xln: "])
        codes = [line.split()[0] for line in done.stdout.split("\n\n")[0].splitlines()[1:]]
        self.assertEqual(codes[:5], ["lmn", "ftp", "nvl", "win", "xln"])

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
        self.assertIn("Q96244", rows["win"]["note"])


if __name__ == "__main__":
    testbed.main()
