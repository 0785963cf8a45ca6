"""socket error (123): the causes that are win's own (test_socket_error_wire.py has those of its cable): its settings, its two
addresses, and the socket that libslirp must have."""

import os
import re
import sys

import harness

HERE = os.path.dirname(os.path.abspath(__file__))
KEYS = "smtpgate config vendor win    # each key, its value and where it stands"
HAS = {"address": "10.77.0.35/24", "source": "10.77.0.36"}


class Win(harness.Case):
    def setUp(self):
        super().setUp()
        self.net = self.network()
        self.keys = dict(HAS, network=self.net.url)

    def write(self, g=None, host="10.77.0.35"):
        """A gateway whose [vendor win] has these keys; the same one, written anew."""
        parts = dict(listen="vendor = win\n", gateway="vendor = win\n",
                     vendor="[vendor win]\n" + "".join("%s = %s\n" % pair for pair in self.keys.items() if pair[1]))
        if not g:
            return self.gateway(host=host, plugins=["win"], **parts)
        g.write(**parts)
        return g

    def refused(self, g, cause, remedy, over=False):
        done = g.command("run")
        want = "socket error (123)\n  vendor: win, WIN/TCP for DOS RunTime 4.1, The Wollongong Group, Inc. (the 4.4BSD TCP of libslirp"
        want += "%s)\n  cause:  %s\n  remedy: %s\n" % (" over " + self.net.url if over else "", cause, remedy)
        said = re.split(r"^\d{4}-|^/", done.stderr, 1, re.M)[0]
        self.assertEqual(re.sub(", 10.77.0.35, from 10.77.0.36", "", said), want)
        self.assertEqual((done.returncode, done.stdout), (123, ""), done.stderr)
        self.assertFalse(os.path.exists(g.spool), "the spool was touched")

    def replace(self, g, old, new):
        with open(g.ini) as f:
            text = f.read()
        with open(g.ini, "w") as f:
            f.write(text.replace(old, new))

    def test_what_is_missing_is_pasted(self):
        self.keys["source"] = ""
        g = self.write()
        self.keys["source"] = "10.77.0.36    ; or another free one of that network"
        self.refused(g, "bad settings: source is missing", "source = " + self.keys["source"])
        self.write(g)
        g.start()
        g.stop()

    def test_an_example_of_an_address(self):
        """Which network it is, nobody can know: the example stands for how an address looks, and is one."""
        self.keys.update(address="", source="10.1.0.26")
        g = self.write(host="10.1.0.25")
        self.keys["address"] = "10.1.0.25/16"
        self.refused(g, "bad settings: address is missing", "address = " + self.keys["address"])
        self.write(g)
        g.start()
        g.stop()

    def test_the_example_is_another_host(self):
        """Of the last address of a network, the one before it."""
        self.keys.update(address="10.77.0.254/24", source="")
        g = self.write(host="10.77.0.254")
        self.refused(g, "bad settings: source is missing", "source = 10.77.0.253    ; or another free one of that network")

    def test_no_network(self):
        self.keys["network"] = ""
        self.refused(self.write(), "bad settings: network is missing", "network = vde:///run/vde.ctl")

    def test_bad_settings(self):
        other = "not a host of the network of `address`"
        for key, value, cause in (
                ("address", "10.77.0.35", "not an IPv4 address with the length of its network (8 to 29), as in 10.1.0.25/16"),
                ("address", "10.77.0.0/24", None),
                ("source", "10.77.0.35", "it must be another address than `address`"),
                ("source", "10.78.0.1", other),
                ("source", "fd00::1", "not an IPv4 address"),
                ("gateway", "10.78.0.1", other),
                ("gateway", "10.77.0.36", "that is our own address"),
                ("source6", "fd77::36", "not an IPv6 address with the length of its network (1 to 127), as in fd77::26/64"),
                ("source6", "10.77.0.36/24", "not an IPv6 address with the length of its network (1 to 127), as in fd77::26/64"),
                ("source6", "ff02::1/64", "not an IPv6 address with the length of its network (1 to 127), as in fd77::26/64"),
                ("gateway6", "fd77::1", "source6 is missing"),
                ("name_server", "fd00::1", "without source6 there is no IPv6"),
                ("name_server", "x:y:z", "not an IP address")):
            with self.subTest(key + " = " + value):
                self.keys = dict(HAS, network=self.net.url)
                self.keys[key] = value
                g = self.write()
                told = "address = 10.77.0.0: " + other if cause is None else "%s = %s: %s" % (key, value, cause)
                self.refused(g, "bad settings: " + told, KEYS)
                shown = g.command(*KEYS.split("#")[0].split()[1:]).stdout
                self.assertRegex(shown, r"%s = %s +; %s:\d+" % (key, re.escape(value), g.ini))

    def test_an_address_that_is_not_ours(self):
        g = self.write(host="10.77.0.99")
        remedy = "address = 10.77.0.35:2525    ; of the listener"
        self.refused(g, "bad settings: 10.77.0.99:2525: the only address to listen on is 10.77.0.35", remedy)
        self.replace(g, "address = 10.77.0.99:2525", remedy)
        g.start()
        g.stop()

    def test_no_socket_for_libslirp(self):
        g = self.write()
        g.prefix = [sys.executable, os.path.join(HERE, "deny.py"), "EACCES"]
        self.refused(g, "TCP/IP is running, but rights keep us out: libslirp may not have a socket of the family AF_INET: "
                     "Permission denied", "systemctl edit smtpgate    # [Service] RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 "
                     "AF_NETLINK", over=True)
        g.prefix = []  # without that filter
        g.start()
        g.stop()


if __name__ == "__main__":
    harness.main()
