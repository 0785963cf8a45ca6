#!/usr/bin/env python3
"""check and config: faults with their lines, keys with their origins."""

import os

import testbed


class Check(testbed.Case):
    def test_no_faults(self):
        g = self.gateway()
        self.check(g.command("check"), 0, out=["vendor lmn can be started here", ": no faults"])
        self.assertFalse(os.path.exists(g.spool))

    def test_every_fault(self):
        g = self.gateway(listen="relay_form = all\nmax_size = much", ini="[rout x]\n")
        done = self.check(g.command("check"), 78, err=['did you mean "relay_from"', "max_size", "rout"])
        self.assertEqual(done.stderr.count(": error: "), 3)

    def test_settings_of_the_plugin(self):
        g = self.gateway(vendor="[vendor lmn]\nsockets = sometimes\n")
        self.check(g.command("check"), 78, err=["sockets", g.ini + ":"])

    def test_a_transport_that_does_not_run_is_no_fault_of_the_file(self):
        g = self.gateway(prefix=testbed.NO_NETWORK)
        self.check(g.command("check"), 0, out=["vendor lmn: ", "loopback", ": no faults"])

    def test_programs_of_postoffices_that_are_not_there(self):
        g = self.gateway(postoffice="format = mmff\nget = /nonexistent/get.exe\nput = no-such-put -x\n")
        self.check(g.command("check"), 0, err=[
            "warning: get of [postoffice TEST/HQ]: /nonexistent/get.exe cannot be started: No such file or directory\n",
            "warning: put of [postoffice TEST/HQ]: no-such-put cannot be started: No such file or directory\n"])
        g = self.gateway(postoffice="format = mmff\nget = smtpget -x\n")
        self.assertNotIn("postoffice", g.command("check").stderr)


class Config(testbed.Case):
    def test_values_and_origins(self):
        g = self.gateway()
        done = self.check(g.command("config"), 0, out=["[gateway]", "hostname = gw.example.test ; %s:2" % g.ini, "[listen lan]"])
        self.assertIn("; default", done.stdout)
        changed = self.check(g.command("config", "gateway", "-n"), 0, out="hostname = ")
        self.assertNotIn("; default", changed.stdout)
        self.check(g.command("config", "listen lan"), 0, out="address = 127.0.0.1:%d" % g.port)
        self.check(g.command("config", "listen wan"), 1, err="there is no section [listen wan]")

    def test_keys_of_a_module(self):
        g = self.gateway(vendor="[vendor lmn]\nmark = 7\n")
        for words in ["vendor", "lmn"], ["vendor lmn"]:
            done = self.check(g.command("config", *words), 0, out=["mark = 7 ; %s:" % g.ini, "\nsockets = auto ; default: ",
                                                                   "\n;source = ; not set: Own address"])
            self.assertEqual(done.stdout.count("mark"), 1)
        self.assertNotIn("sockets", g.command("config", "-n").stdout.split("mark = 7")[1])
        ini = g.ini
        g.ini = os.path.join(g.folder, "again.ini")
        with open(g.ini, "w") as f:
            f.write(g.command("config", "--config", ini).stdout)
        self.check(g.command("check"), 0)
        g.ini = ini
        g.write(ini="[route a]\nvendor = odd\n")
        self.check(g.command("config", "vendor odd"), 0, out="; its module cannot be read here: smtpgate probe odd")
        self.check(g.command("config", "vendor", "lmn", "x"), 64)
        self.check(g.command("config", "vendor", "x" * 200), 1, err="there is no section [vendor xxx")

    def test_where_the_file_is(self):
        g = self.gateway()
        self.check(self.called(g, "smtpgate", "config", "gateway"), 0, out="gw.example.test")
        self.check(self.called(g, "smtpgate", "--config", "/nowhere", "check"), 78, err="/nowhere: error: ")
        self.check(self.called(g, "smtpgate", "check", "--instance", "../x"), 64)
        self.check(self.called(g, "smtpgate", "check", "--instance", "x", "--config", "y"), 64)
        self.check(self.called(g, "smtpgate", "check", "--instance", "no-such-one"), 78, err="/smtpgate/no-such-one.ini")

    def test_the_empty_file(self):
        g = self.gateway()
        open(g.ini, "w").close()
        self.check(g.command("config"), 0, out=["[listen default]", "address = 127.0.0.1:2525"])


if __name__ == "__main__":
    testbed.main()
