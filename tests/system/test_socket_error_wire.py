"""socket error (123) of those on a virtual Ethernet, ftp, nvl and win: every cause that their cable can have, each made so: the
whole block, the status, no spool; then the remedy is pasted as it stands, and the gateway starts."""

import os
import re
import shutil
import signal
import socket
import subprocess

import harness

STILL = "TCP/IP is not running: "
CLOSED = "TCP/IP is running, but rights keep us out: "
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
NODE = "mknod -m %s /dev/net/tun c 10 200"


def devices(steps, *then):
    """A /dev/net of our own, in which these steps are taken; a prefix for a command that becomes what follows."""
    return ["unshare", "-m", "sh", "-ec", "mount -t tmpfs none /dev/net; " + steps + '\nexec "$@"', "sh", *then]


class Cable(harness.Case):
    """What is the same for all. A vendor's class has its name, the words of its block, its addresses."""

    vendor = words = host = keys = None
    nobody = NOBODY

    def section(self, url):
        return "[vendor %s]\nnetwork = %s\n%s" % (self.vendor, url, self.keys)

    def made(self, url, plugins=(), prefix=()):
        self.url = url
        g = self.gateway(host=self.host, listen="vendor = %s\n" % self.vendor, gateway="vendor = %s\n" % self.vendor,
                         vendor=self.section(url), prefix=prefix, plugins=[self.vendor, *plugins])
        os.chmod(g.folder, 0o777)
        return g

    def refused(self, g, cause, remedy, other=None):
        done = g.command("run")
        want = "socket error (123)\n  vendor: %s, %s over %s)\n  cause:  %s\n  remedy: %s\n" % (
            self.vendor, self.words, self.url, cause, remedy)
        want += "  or:     %s\n" % other if other else ""
        self.assertEqual(re.split(r"^\d{4}-|^/", done.stderr, 1, re.M)[0], want)
        self.assertEqual((done.returncode, done.stdout), (123, ""), done.stderr)
        self.assertFalse(os.path.exists(g.spool), "the spool was touched")
        return remedy

    def paste(self, remedy, prefix=()):
        done = subprocess.run([*prefix, "sh", "-c", remedy], check=True, timeout=harness.LIMIT, stdout=subprocess.PIPE, text=True)
        return done.stdout

    def works(self, g, prefix=None):
        """Once more, too: what it made it has taken away again."""
        if prefix is not None:
            g.prefix = prefix
        for _ in range(2):
            g.start()
            g.stop()

    def paste_switch(self, g, net, remedy):
        """One that starts a switch, which ends with the test."""
        self.paste(remedy)
        found = subprocess.run(["pgrep", "-f", "vde_switch -sock %s -mod" % net.dir], stdout=subprocess.PIPE, text=True)
        for pid in found.stdout.split():
            self.addCleanup(os.kill, int(pid), signal.SIGTERM)
        harness.wait_for("the switch", net.running)
        self.works(g)

    def start(self, net):
        return "vde_switch -sock %s -mod 660 -group vde2-net -daemon" % net.dir


class Switch(Cable):
    def test_missing_and_another_runs(self):
        """The network of the configured vendor is absent while another's TCP/IP is there: it is named, and serves."""
        net = self.network(start=False)
        g = self.made(net.url, plugins=["lmn"])
        remedy = self.refused(g, STILL + "no switch at " + net.dir, self.start(net), "vendor = lmn (running here: lmn)")
        g.write(gateway="vendor = lmn\n", vendor=self.section(net.url))
        with open(g.ini) as f:
            text = f.read()
        with open(g.ini, "w") as f:
            f.write(text.replace("%s:%d" % (self.host, g.port), "127.0.0.1:%d" % harness.free_port()))
        self.works(g)
        g.write(listen="vendor = %s\n" % self.vendor, gateway="vendor = %s\n" % self.vendor, vendor=self.section(net.url))
        self.paste_switch(g, net, remedy)

    def test_its_folder_is_missing_too(self):
        net = self.network(start=False)
        net.dir = net.dir + "-below/sw"
        g = self.made("vde://" + net.dir)
        above = os.path.dirname(net.dir)
        self.paste_switch(g, net, self.refused(g, STILL + "no switch at " + net.dir, "mkdir -p %s && %s" % (above, self.start(net))))

    def test_dead(self):
        net = self.network()
        net.cut()
        g = self.made(net.url)
        self.paste_switch(g, net, self.refused(g, STILL + "the switch at %s died and left its files" % net.dir,
                                               "rm -r %s && %s" % (net.dir, self.start(net))))

    def test_closed(self):
        """It runs, as root's: another user is kept out. That is not "not running"."""
        net = self.network(mode=None)
        g = self.made(net.url, prefix=self.nobody)
        self.paste(self.refused(g, CLOSED + "a switch is at %s, but its rights (mode 0700, owner root) keep user nobody out"
                                % net.dir, "(cd %s && chgrp nogroup . ctl && chmod 770 . && chmod 660 ctl)    # as root" % net.dir))
        self.works(g)

    def test_below_a_closed_folder(self):
        net = self.network()
        os.chmod(net.folder, 0o700)
        g = self.made(net.url, prefix=self.nobody)
        self.paste(self.refused(g, CLOSED + "rights forbid user nobody to look for a switch below " + net.folder,
                                "chmod o+x " + net.folder))
        self.works(g)

    def test_hangs(self):
        net = self.network()
        g = self.made(net.url)
        net.switch.send_signal(signal.SIGSTOP)
        remedy = self.refused(g, STILL + "the switch at %s does not answer (its process hangs)" % net.dir,
                              "ss -xlp | grep %s/ctl    # names the process: end it and start the switch anew" % net.dir)
        said = self.paste(remedy, net.inside)  # ss sees the sockets of its own namespace, where the switch is
        self.assertIn("pid=%d," % net.switch.pid, said)
        net.cut()
        shutil.rmtree(net.dir)
        net.mend()
        self.works(g)


class OwnSwitch(Cable):
    """switch://DIR: who comes first is the switch."""

    def made_at(self, net, **more):
        return self.made("switch://" + net.dir, **more)

    def test_another_is_there(self):
        net = self.network()
        g = self.made_at(net)
        remedy = self.refused(g, STILL + "another switch runs at %s already" % net.dir, "network = %s    ; to join it" % net.url)
        with open(g.ini) as f:
            text = f.read()
        with open(g.ini, "w") as f:
            f.write(text.replace("network = " + self.url, remedy))
        self.works(g)

    def test_a_dead_one_left_its_files(self):
        net = self.network()
        net.cut()
        g = self.made_at(net)
        self.paste(self.refused(g, STILL + "the switch at %s died and left its files" % net.dir, "rm -r " + net.dir))
        self.works(g)

    def test_the_place_is_taken(self):
        net = self.network(start=False)
        os.mkdir(net.dir)
        g = self.made_at(net)
        self.paste(self.refused(g, STILL + "%s is there already: the switch makes its folder itself" % net.dir,
                                "rmdir " + net.dir))
        self.works(g)

    def test_no_folder_for_it(self):
        net = self.network(start=False)
        above = net.dir + "-below"
        g = self.made("switch://%s/sw" % above)
        self.paste(self.refused(g, STILL + "the folder %s for the switch is missing" % above, "mkdir -p " + above))
        self.works(g)

    def test_no_right_to_make_one(self):
        net = self.network(start=False)
        g = self.made_at(net, prefix=self.nobody)
        place = net.folder + "/nobody"
        remedy = self.refused(g, CLOSED + "rights forbid user nobody to make a switch in " + net.folder,
                              "mkdir %s && chown nobody %s    # and network = switch://%s/sw" % (place, place, place))
        self.paste(remedy)
        g.write(listen="vendor = %s\n" % self.vendor, gateway="vendor = %s\n" % self.vendor,
                vendor=self.section(re.search("network = (.*)", remedy).group(1)))
        self.works(g)


class Tap(Cable):
    def test_no_device(self):
        net = self.network(start=False)
        g = self.made("tap://tap8", prefix=net.inside)
        self.paste(self.refused(g, STILL + "there is no TAP device tap8",
                                "ip tuntap add dev tap8 mode tap user root && ip link set tap8 up"), net.inside)
        self.works(g)
        net.run(["ip", "link", "set", "tap8", "down"])
        shutil.rmtree(g.spool)
        self.paste(self.refused(g, STILL + "the TAP device tap8 is down", "ip link set tap8 up"), net.inside)
        self.works(g)

    def test_no_tap_but_another_device(self):
        net = self.network(start=False)
        net.run(["ip", "link", "add", "tap8", "type", "veth", "peer", "name", "other"])
        net.run(["ip", "tuntap", "add", "dev", "tap9", "mode", "tap", "user", "root"])
        net.run(["ip", "link", "set", "tap9", "up"])
        g = self.made("tap://tap8", prefix=net.inside)
        remedy = self.refused(g, STILL + "tap8 is a network device, but no TAP",
                              "ip -d link show type tun    # the TAP devices of this machine")
        named = re.search(r"^\d+: (tap9): .*\n.*\n +tun type tap ", self.paste(remedy, net.inside), re.M).group(1)
        g.write(listen="vendor = %s\n" % self.vendor, gateway="vendor = %s\n" % self.vendor, vendor=self.section("tap://" + named))
        self.works(g)

    def test_the_driver_is_missing(self):
        """The remedy loads a module of the kernel: what it makes is made here by hand."""
        net = self.network(start=False)
        net.run(["sh", "-ec", "ip tuntap add dev tap8 mode tap user root; ip link set tap8 up"])
        g = self.made("tap://tap8", prefix=[*net.inside, *devices("")])
        self.refused(g, "TCP/IP is not on this machine: this machine has no TAP devices: /dev/net/tun is missing", "modprobe tun")
        self.works(g, [*net.inside, *devices(NODE % 666)])

    def test_the_driver_is_closed(self):
        net = self.network(start=False)
        net.run(["sh", "-ec", "ip tuntap add dev tap8 mode tap user nobody; ip link set tap8 up"])
        g = self.made("tap://tap8", prefix=[*net.inside, *devices(NODE % 600, *NOBODY)])
        remedy = self.refused(g, CLOSED + "rights forbid user nobody to open /dev/net/tun", "chmod 666 /dev/net/tun")
        self.works(g, [*net.inside, *devices(NODE % 600 + "; " + remedy, *NOBODY)])


class Udp(Cable):
    def test_another_has_the_port(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            port = other.getsockname()[1]
            g = self.made("udp://%d->127.0.0.1:%d" % (port, harness.free_port()))
            said = self.paste(self.refused(g, STILL + "%s: UDP port %d: another program uses it" % (self.url, port),
                                           "ss -lunp 'sport = :%d'    # as root: names who it is" % port))
            self.assertIn("pid=%d," % os.getpid(), said)
        self.works(g)


class OfFtp:
    vendor, words, host = "ftp", "PC/TCP Kernel, FTP Software, Inc. (lwIP", "10.77.0.25"
    keys = "mac = 02:00:00:00:00:25\naddress = 10.77.0.25/24\n"


class OfWin:
    vendor, host = "win", "10.77.0.35"
    words = "WIN/TCP for DOS RunTime 4.1, The Wollongong Group, Inc. (the 4.4BSD TCP of libslirp"
    keys = "address = 10.77.0.35/24\nsource = 10.77.0.36\n"


class OfNvl:
    vendor, words, host = "nvl", "Novell LAN WorkPlace for DOS 4.0 (a private Linux stack in its own network namespace", "10.77.0.45"
    keys = "address = 10.77.0.45/24\n"
    nobody = devices(NODE % 666, *NOBODY)  # it makes a TAP device of its own, wherever the cable leads


def load_tests(loader, tests, pattern):
    """Each of the above for each of the three that was built."""
    tests = loader.suiteClass()
    for of in OfFtp, OfNvl, OfWin:
        if os.path.exists(os.path.join(harness.PLUGINS, of.vendor, of.vendor + ".la")):
            for cable in Switch, OwnSwitch, Tap, Udp:
                made = type(of.vendor + cable.__name__, (of, cable), {})
                tests.addTests(loader.loadTestsFromTestCase(made))
    return tests


if __name__ == "__main__":
    harness.main()
