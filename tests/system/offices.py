"""Two gateways, each with a postoffice of Microsoft Mail, that send each other their mail."""

import os
import random

import harness

GET, PUT = os.path.join(harness.BUILD, "smtpget"), os.path.join(harness.BUILD, "smtpput")


class Offices(harness.Case):
    def pair(self, one="", two="", second="format = mmff\n", aliases="", gateway="", keep=True, env=None):
        """Gateways of ONE/HQ (one.test) and TWO/HQ (two.test), each the other's smart host; what comes to their put programs is kept. Both have
        these aliases and this in [gateway]."""
        gs = [self.gateway(env=env), self.gateway(env=env)]
        for g, other, name, more in ((gs[0], gs[1], "one", "format = mmff\n" + one), (gs[1], gs[0], "two", second + two)):
            g.taken = os.path.join(g.folder, "taken")
            for folder in "smtp", "outgoing/new", "outgoing/cur", "outgoing/tmp":
                os.makedirs(os.path.join(g.mail, folder))
            os.makedirs(g.taken)
            script = self.keeper(g) if keep else PUT
            g.write(ini=harness.route(other.port), gateway=gateway, postoffice="wait = 1s\nget = %s\n%s%s" % (
                GET, more, "put = %s\n" % script if "mmff" in more else ""))
            with open(g.ini) as f:
                text = f.read().replace("TEST/HQ", name.upper() + "/HQ").replace("domain = example.test", "domain = %s.test" % name)
            with open(g.ini, "w") as f:
                f.write(text.replace("relay_from", ";relay_from").replace("aliases = none", "aliases = " + os.path.join(g.folder, "aliases")))
            with open(os.path.join(g.folder, "aliases"), "w") as f:
                f.write(aliases)
            with open(os.path.join(g.mail, "smtp/ADDR_MAP.CFG"), "w") as f:
                f.write("ONE/HQ one.test\nTWO/HQ two.test\n")
            with open(os.path.join(g.mail, "smtp/LOCAL.CFG"), "w") as f:
                f.write("Local Post-Office: %s/HQ\n" % name.upper())
        return [g.start() for g in gs]

    def keeper(self, g):
        """A put program that keeps what it is given; of this name it is asked as ours."""
        script = os.path.join(g.folder, "smtpput")
        with open(script, "w") as f:
            f.write("#!/bin/sh\nfor f; do :; done\nn=$(ls %s | wc -l)\ncp \"$f\" %s/$n\nexec %s \"$@\"\n" % (g.taken, g.taken, PUT))
        os.chmod(script, 0o755)
        return script

    def bag(self, g, *data):
        name = "%d.test" % random.getrandbits(60)
        path = os.path.join(g.mail, "outgoing/tmp", name)
        with open(path, "wb") as f:
            f.writelines(data)
        os.rename(path, os.path.join(g.mail, "outgoing/new", name))

    def taken(self, g, n=0):
        with open(os.path.join(g.taken, str(n)), "rb") as f:
            return f.read()
