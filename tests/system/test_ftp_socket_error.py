"""socket error (123) of ftp: the causes that are its own (test_socket_error_wire.py has those of its cable); and what probe says
of the same layers."""

import os
import re
import shutil
import subprocess

import harness

OURS, MAC = "10.77.0.25", "02:00:00:00:00:25"


class OneGateway(harness.Case):
    def made(self, net, plugins=("ftp",), address="address = %s/24\n" % OURS, url=None, prefix=(), more="", host=OURS):
        self.url = url or net.url
        self.net, self.address = net, address
        vendor = "[vendor ftp]\nnetwork = %s\nmac = %s\n%s" % (self.url, MAC, address)
        g = self.gateway(host=host, listen="vendor = ftp\n", gateway="vendor = ftp\n", vendor=vendor + more, prefix=prefix,
                         plugins=list(plugins))
        os.chmod(g.folder, 0o777)
        return g


class Cause(OneGateway):
    def refused(self, g, cause, remedy, other=None, over=True):
        done = g.command("run")
        want = "socket error (123)\n  vendor: ftp, PC/TCP Kernel, FTP Software, Inc. (lwIP%s)\n" % (
            " over " + self.url if over else "")
        want += "  cause:  %s\n  remedy: %s\n" % (cause, remedy)
        want += "  or:     %s\n" % other if other else ""
        self.assertEqual(re.split(r"^\d{4}-", done.stderr, 1, re.M)[0], want)
        self.assertEqual((done.returncode, done.stdout), (123, ""))
        self.assertFalse(os.path.exists(g.spool), "the spool was touched")

    def test_another_host_has_the_address(self):
        net = self.network()
        g = self.made(net, address="address = 10.77.0.1/24\n", host="10.77.0.1")
        link = net.run(["ip", "link", "show", "vde0"], stdout=subprocess.PIPE, text=True).stdout
        mac = re.search(r"link/ether (\S+)", link).group(1)
        self.refused(g, "TCP/IP cannot be started: 10.77.0.1 on %s is the address of another host, %s" % (net.url, mac),
                     "address = in the vendor's section: one that nobody has there")
        self.assertEqual(g.command("probe").returncode, 1)
        net.run(["ip", "address", "del", "10.77.0.1/24", "dev", "vde0"])
        g.start()
        g.stop()

    def test_settings(self):
        net = self.network()
        g = self.made(net, host="10.77.0.99")
        self.refused(g, "bad settings: 10.77.0.99 is not an address of this stack",
                     "address = in the vendor's section says which there are", over=False)
        for line, cause in (("", "address is not set: the gateway is a host of its own on that network, as in address = "
                                 "10.1.0.25/16"),
                            ("address = 10.77.0.25\n", "address = 10.77.0.25: write it with its network: 10.1.0.25/16"),
                            ("address = 10.77.0.0/24\n", "address = 10.77.0.0/24: not the address of a host in that network"),
                            ("address = %s/24\ngateway = 10.78.0.1\n" % OURS,
                             "gateway = 10.78.0.1: not on the network of our address")):
            with self.subTest(line):
                self.refused(self.made(net, address=line), "bad settings: " + cause,
                             "smtpgate config vendor ftp    # each key, its value and where it stands", over=False)


class Probe(OneGateway):
    """The layers between the provider and the stack."""

    def probe(self, g, status, *lines):
        done = g.command("probe")
        for line in lines:
            self.assertIn(line + "\n", done.stdout)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)

    def test_all_is_well(self):
        g = self.made(self.network(), more="gateway = 10.77.0.1\n")
        mac = re.search(r"ether (\S+)", self.net.run(["ip", "link", "show", "vde0"], stdout=subprocess.PIPE, text=True).stdout)
        self.probe(g, 0, "link       %s takes us; our MAC is %s" % (self.net.url, MAC), "address    %s/24" % OURS,
                   "conflict   nobody else has %s" % OURS, "gateway    10.77.0.1 answers, " + mac.group(1),
                   "start      it starts")

    def test_the_gateway_is_silent(self):
        g = self.made(self.network(), more="gateway = 10.77.0.9\n")
        self.probe(g, 1, "gateway    10.77.0.9 does not answer",
                   "  remedy:  gateway = in the vendor's section: the router of that network")

    def test_the_gateway_runs_already(self):
        """Nothing is taken from the one that runs."""
        g = self.made(self.network()).start()
        self.probe(g, 1, "conflict   %s is in use: %s has it, which is the MAC of these settings: a gateway with them runs" %
                   (OURS, MAC), "  remedy:  smtpgate stop")
        with self.net.client(OURS, g.port) as c:
            self.assertEqual(c.say("NOOP")[0], 250)
        g.stop()

    def test_the_switch_is_dead(self):
        g = self.made(self.network())
        self.net.cut()
        done = g.command("probe")
        self.assertEqual(done.returncode, 123)
        self.assertIn("socket error (123)\n", done.stderr)
        shutil.rmtree(self.net.dir, ignore_errors=True)


if __name__ == "__main__":
    harness.main()
