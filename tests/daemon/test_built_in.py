#!/usr/bin/env python3
"""Where each TCP/IP of this build is: a module to load, or inside the program (--with-transport-CODE=static). `vendors` says so, and
one that is inside is found without any folder."""

import json
import os

import testbed


class BuiltIn(testbed.Case):
    def rows(self, plugins):
        done = self.check(self.gateway(plugins=plugins).command("vendors", "--json"), 0)
        return {row["code"]: row["file"] for row in json.loads(done.stdout)}

    def test_each_is_where_it_was_put(self):
        home = testbed.harness.PLUGINS
        made = {code for code in ("lmn", "ftp", "nvl", "win", "xln") if os.path.exists(os.path.join(home, code, code + ".la"))}
        shared = {code for code in made if os.path.exists(os.path.join(home, code, ".libs", code + ".so"))}
        self.assertTrue(made)
        bare = self.rows(["none"])  # a folder that is not there
        self.assertEqual({code for code, file in bare.items() if file == "built in"}, made - shared)
        for code in shared:
            self.assertEqual(self.rows([code])[code], os.path.join(home, code, ".libs", code + ".so"))


if __name__ == "__main__":
    testbed.main()
