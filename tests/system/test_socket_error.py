"""socket error (123): every cause that lmn can have, in namespaces where it is so: the block, the status, no spool.
test_socket_error_xln.py has those that xln shares with it once more."""

import os
import re
import shutil
import socket
import subprocess
import sys
import unittest

import harness

HERE = os.path.dirname(os.path.abspath(__file__))
LMN = os.path.join(harness.PLUGINS, "lmn", ".libs")
BROKEN = os.path.join(harness.BUILD, "tests", "transport", "broken", ".libs")
VENDOR = "lmn, Microsoft LAN Manager for MS-DOS (the host's TCP/IP, by epoll)"
MISSING = "lmn, Microsoft LAN Manager for MS-DOS (the host's own TCP/IP)"
ROOT = os.geteuid() == 0
NETWORK = ["unshare", "-n"] if ROOT else ["unshare", "-rn"]
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]


def inside(steps, *then):
    """A command that takes these steps in a network namespace of its own and becomes what follows."""
    return [*NETWORK, "sh", "-ec", steps + '; exec "$@"', "sh", *then]


class Cause(harness.Case):
    code, vendor = "lmn", VENDOR

    def gateway(self, gateway="", plugins=(), **settings):
        """Of one vendor alone: whether another transport runs here is another question, and another line."""
        return super().gateway(plugins=[self.code, *plugins], listen="vendor = %s\n" % self.code,
                               gateway="vendor = %s\n%s" % (self.code, gateway), **settings)

    def block(self, cause, remedy=None, other=None, prefix=(), args=(), **settings):
        """Starts a gateway and compares all that stands on standard error before the log."""
        g = self.gateway(prefix=prefix, **settings)
        want = "socket error (123)\n  vendor: %s\n  cause:  %s\n" % (self.vendor, cause)
        want += "  remedy: %s\n" % remedy if remedy else ""
        want += "  or:     %s\n" % other if other else ""
        want = want.replace("FOLDER", g.folder).replace("PORT", str(g.port))
        done = g.command("run", *args)
        self.assertEqual(re.split(r"^\d{4}-|^/", done.stderr, 1, re.M)[0], want)
        self.assertEqual((done.returncode, done.stdout), (123, ""), done.stderr)
        self.assertFalse(os.path.exists(g.spool), "the spool was touched")
        for line in "ERROR socket: (123) network error", "SMTP_listen: system error":
            self.assertIn(line, done.stderr)
        return g


class Host(Cause):
    def test_loopback_is_down(self):
        for args in [], ["--daemon"]:
            g = self.block("TCP/IP is not running: the loopback device lo is down", "ip link set lo up", prefix=NETWORK,
                           args=args, gateway="stop_wait = 30")
            self.assertIn(": warning: stop_wait: 30 is taken", g.command("run").stderr)  # said, behind the block

    def test_there_is_no_loopback(self):
        self.block("TCP/IP is not running: there is no loopback device lo", "ip link show",
                   prefix=inside("ip link set lo name other"))

    def test_no_family(self):
        self.block("TCP/IP is not on this machine: this system has neither IPv4 nor IPv6",
                   "use a kernel with TCP/IP, and let RestrictAddressFamilies of the unit have AF_INET",
                   prefix=[sys.executable, os.path.join(HERE, "deny.py"), "EAFNOSUPPORT"])

    def test_forbidden_families(self):
        self.block("TCP/IP is running, but rights keep us out: rights forbid this process to use TCP/IP sockets",
                   "systemctl edit smtpgate    # [Service] RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
                   prefix=[sys.executable, os.path.join(HERE, "deny.py"), "EACCES"])

    def test_remedy_works_as_it_is_pasted(self):
        g = self.gateway(prefix=NETWORK, host="127.0.0.1")
        remedy = re.search("remedy: (.*)", g.command("run").stderr).group(1)
        g.prefix = inside(remedy)
        g.start()
        g.stop()


class Settings(Cause):
    def setting(self, line, cause, remedy=None, **more):
        return self.block(cause, remedy, vendor_line="[vendor %s]\n%s" % (self.code, line), **more)

    def block(self, cause, remedy=None, vendor_line="", **more):
        g = self.gateway(vendor=vendor_line, prefix=more.get("prefix", ()), gateway=more.get("gateway", ""))
        if "listen" in more:
            with open(g.ini) as f:
                text = f.read()
            with open(g.ini, "w") as f:
                f.write(text.replace("address = %s:%d" % (g.host, g.port), "address = " + more["listen"]))
        done = g.command("run")
        with open(g.ini) as f:
            line = max((n for n, text in enumerate(f, 1) if text.strip() == vendor_line.split("\n")[-1]), default=0)
        want = "socket error (123)\n  vendor: %s\n  cause:  %s\n" % (self.vendor, cause)
        want += "  remedy: %s\n" % remedy if remedy else ""
        self.assertEqual(re.split(r"^\d{4}-|^/", done.stderr, 1, re.M)[0],
                         want.replace("INI", g.ini).replace("LINE", str(line)).replace("PORT", str(g.port)))
        self.assertEqual(done.returncode, 123)
        self.assertFalse(os.path.exists(g.spool))

    def test_device(self):
        self.setting("device = cable7", "TCP/IP is not running: device = cable7: there is no such network device",
                     "ip link show")
        self.setting("device = cable7", "TCP/IP is not running: device = cable7: this network device is down",
                     "ip link set cable7 up", prefix=inside("ip link set lo up; ip link add cable7 type veth peer name other"))

    def test_source(self):
        self.setting("source = 203.0.113.7", "TCP/IP is not running: source = 203.0.113.7: this machine has no such address",
                     "ip address show to 203.0.113.7")

    @unittest.skipUnless(ROOT, "somebody else to become")
    def test_mark_without_the_capability(self):
        self.setting("mark = 7", "TCP/IP is running, but rights keep us out: mark or device cannot be set on sockets: "
                     "Operation not permitted",
                     "systemctl edit smtpgate    # [Service] AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW", prefix=NOBODY)

    def test_bad_settings(self):
        self.setting("sockets = sometimes", "bad settings: INI:LINE: sockets = sometimes: it takes auto, required, off",
                     "smtpgate config vendor lmn    # each key, its value and where it stands")
        self.setting("source = x", "bad settings: source = x: not an IP address without port",
                     "smtpgate config vendor lmn    # each key, its value and where it stands")

    def test_address_that_is_not_ours(self):
        self.block("bad settings: 192.0.2.7:2525 is not an address of this machine", "ip address show",
                   listen="192.0.2.7:2525")

    @unittest.skipUnless(ROOT, "somebody else to become")
    def test_low_port_without_rights(self):
        self.block("TCP/IP cannot be started: rights forbid to listen at 127.0.0.1:25",
                   "sysctl net.ipv4.ip_unprivileged_port_start=25    # or start as root",
                   listen="127.0.0.1:25", prefix=inside("ip link set lo up", *NOBODY))


class Sockets(Cause):
    REQUIRED = "[vendor lmn]\nsockets = required"

    def handed(self, g, sock, name):
        helper = ("import os, sys; os.dup2(%d, 3); os.set_inheritable(3, True);"
                  "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1', LISTEN_FDNAMES='%s');"
                  "os.execv(sys.argv[1], sys.argv[1:])" % (sock.fileno(), name))
        return subprocess.run([sys.executable, "-c", helper, harness.PROGRAM, "run", "--config", g.ini], text=True,
                              pass_fds=[sock.fileno()], stderr=subprocess.PIPE, timeout=harness.LIMIT)

    def refused(self, g, done, cause, remedy):
        self.assertEqual(re.split(r"^\d{4}-|^/", done.stderr, 1, re.M)[0],
                         "socket error (123)\n  vendor: %s\n  cause:  TCP/IP is not running: SOCKETS was not started: %s\n"
                         "  remedy: %s\n" % (VENDOR, cause, remedy))
        self.assertEqual(done.returncode, 123)
        self.assertFalse(os.path.exists(g.spool))

    def test_none_was_handed_over(self):
        self.block("TCP/IP is not running: SOCKETS was not started: no socket was handed over for listener lan (port PORT)",
                   "systemctl enable --now smtpgate.socket", ini=self.REQUIRED)

    def test_another_port(self):
        g = self.gateway(vendor=self.REQUIRED)
        with socket.create_server(("127.0.0.1", 0)) as sock:
            done = self.handed(g, sock, "lan")
            self.refused(g, done, "the socket handed over for listener lan has port %d, not %d" % (sock.getsockname()[1], g.port),
                         "systemctl edit --full smtpgate.socket    # ListenStream=%d" % g.port)

    def test_not_a_listening_socket(self):
        g = self.gateway(vendor=self.REQUIRED)
        with socket.socket() as sock:
            self.refused(g, self.handed(g, sock, "lan"),
                         "what was handed over for listener lan (port %d) is no listening TCP socket" % g.port,
                         "systemctl edit --full smtpgate.socket    # ListenStream=%d" % g.port)


class Module(Cause):
    """The module's file. Every sentence of the loader has a test of its own; here they go the whole way."""

    def run_with(self, name, prepare, cause, remedy, vendor=None):
        g = harness.Case.gateway(self)
        folder = os.path.join(g.folder, "modules")
        os.mkdir(folder)
        os.chmod(folder, 0o755)
        prepare(folder)
        with open(g.ini) as f:
            text = re.sub("plugin_dir = .*\n", "", f.read())
        with open(g.ini, "w") as f:
            f.write(text.replace("[gateway]", "[gateway]\nvendor = %s\nplugin_dir = %s" % (name, folder), 1))
        done = g.command("run")
        want = "socket error (123)\n  vendor: %s\n  cause:  %s\n  remedy: %s\n" % (vendor or name, cause, remedy)
        self.assertEqual(re.split(r"^\d{4}-|^/", done.stderr, 1, re.M)[0], want.replace("DIR", folder))
        self.assertEqual(done.returncode, 123)
        self.assertFalse(os.path.exists(g.spool))

    def test_missing(self):
        remedy = "smtpgate vendors    # shows what is there; plugin_dir in [gateway] adds folders"
        self.run_with("lmn", lambda folder: None, "the plugin is missing: no lmn.so in DIR", remedy, MISSING)
        self.run_with("odd", lambda folder: shutil.copy(os.path.join(LMN, "lmn.so"), folder),
                      "the plugin is missing: no odd.so in DIR", remedy + "\n  or:     vendor = lmn (running here: lmn)")

    def test_writable_by_others(self):
        def prepare(folder):
            os.chmod(shutil.copy(os.path.join(LMN, "lmn.so"), folder), 0o777)
        self.run_with("lmn", prepare, "the plugin was refused: DIR/lmn.so is writable by others (mode 0777)",
                      "chmod go-w DIR/lmn.so", MISSING)

    def test_garbage(self):
        def prepare(folder):
            with open(os.path.join(folder, "lmn.so"), "w") as f:
                f.write("no module")
        self.run_with("lmn", prepare, "the plugin was refused: DIR/lmn.so is not a module: it is not a shared object",
                      "install the module again", MISSING)

    def broken(self, name):
        return lambda folder: shutil.copy(os.path.join(BROKEN, name + ".so"), folder)

    def test_another_abi(self):
        self.run_with("bad_abi", self.broken("bad_abi"),
                      "the plugin was refused: DIR/bad_abi.so: bad_abi is of transport ABI 2, this smtpgate takes 1",
                      "upgrade smtpgate, or install an older module")

    def test_undefined_symbol(self):
        self.run_with("bad_symbol", self.broken("bad_symbol"), "the plugin was refused: DIR/bad_symbol.so needs the "
                      "function nobody_has_this, which no library here has",
                      "build or install the module for the libraries of this machine")


if __name__ == "__main__":
    harness.main()
