"""What every system test shares: a real gateway on loopback, real and scripted peers, and a counted result.

A test file is a unittest module that ends with `harness.main()`. It runs under `make check` with SMTPGATE_BUILD set to the
build folder; by hand: SMTPGATE_BUILD=build /usr/bin/python3 tests/system/test_deliver.py [-v] [Case.test]
"""

import ctypes
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from ports import free_port  # noqa: E402,F401
from sink import LIMIT, Sink  # noqa: E402,F401

BUILD = os.path.abspath(os.environ.get("SMTPGATE_BUILD", "build"))
PROGRAM = os.environ.get("SMTPGATE_PROGRAM", os.path.join(BUILD, "smtpgate"))
PLUGINS = os.path.join(BUILD, "plugins")
PEERS = os.path.join(BUILD, "peers")
LIBC = ctypes.CDLL(None, use_errno=True)
# of a message that no profile has anything to put right in: it arrives as it was sent, to the byte
HEADER = b"From: me@client.test\r\nTo: jdoe@example.test\r\nSubject: content\r\nMessage-ID: <1@client.test>\r\n\r\n"


def wait_for(what, condition, limit=None):
    """Calls condition until it is true; its value. Fails with `what` in words after limit seconds."""
    limit = limit or LIMIT
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("did not happen in %g s: %s" % (limit, what() if callable(what) else what))
        time.sleep(0.02)


def numbers_of(name):
    """A key to sort names by the numbers in them."""
    return [int(n) for n in re.findall(r"\d+", name)]


def sanitized():
    """The programs are those of a sanitizer, whose memory is mostly its own."""
    with open(os.path.join(BUILD, "config.status")) as f:
        return "-fsanitize" in f.read()


# Environment of a gateway that strace follows: the leak check of a sanitizer cannot be traced.
TRACED = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}


class Gateway:
    """One gateway with its own folder: ini, spool, postoffice `mail` for example.test, one listener."""

    def __init__(self, ini="", listen="", postoffice="", gateway="", vendor="", host="127.0.0.1", folder=None,
                 mailboxes=("admin", "jdoe"), prefix=(), env=None, plugins=None):
        self.folder = folder or tempfile.mkdtemp(prefix="smtpgate-system.")
        os.chmod(self.folder, 0o755)
        self.host, self.prefix = host, list(prefix)
        self.port = free_port() if host == "127.0.0.1" else 2525
        self.ini = os.path.join(self.folder, "smtpgate.ini")
        self.spool = os.path.join(self.folder, "spool")
        self.mail = os.path.join(self.folder, "mail")
        self.log_path = os.path.join(self.folder, "log")
        self.env = dict(os.environ, **(env or {}))
        for name in mailboxes:
            for part in ("new", "cur", "tmp"):
                os.makedirs(os.path.join(self.mail, name, part), exist_ok=True)
        dirs = sorted(os.path.join(PLUGINS, d, ".libs") for d in plugins or os.listdir(PLUGINS)
                      if os.path.isdir(os.path.join(PLUGINS, d, ".libs")) and d != "mem")
        self.plugin_lines = "".join("plugin_dir = %s\n" % d for d in dirs)
        self.log_from = 0
        self.write(ini, listen, postoffice, gateway, vendor)
        self.process = None

    def write(self, ini="", listen="", postoffice="", gateway="", vendor=""):
        """The ini file anew, as the constructor does it; takes effect at the next start or reload."""
        aliases = "" if "aliases =" in gateway else "aliases = none\n"  # not those of this machine
        text = "[gateway]\nhostname = gw.example.test\nspool = %s\ncontrol = %s\n%s%s%s\n" % (
            self.spool, os.path.join(self.folder, "control"), self.plugin_lines, aliases, gateway)
        text += "[listen lan]\naddress = %s:%d\n%s\n" % (self.host, self.port, listen)
        text += "[postoffice TEST/HQ]\ndomain = example.test\npath = %s\n%s\n" % (self.mail, postoffice)
        text += vendor + "\n" + ini + "\n"
        if "[notify]" not in text:  # its mails would stand among those of the tests
            text += "[notify]\non = none\n"
        with open(self.ini, "w") as f:
            f.write(text)
        os.chmod(self.ini, 0o644)  # whatever the umask: some tests read it as another user

    def command(self, *args, input=None, limit=LIMIT, program=PROGRAM, text=True):
        return subprocess.run(self.prefix + [program, args[0], "--config", self.ini, *args[1:]], input=input, text=text,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=limit, env=self.env)

    def json(self, *args):
        """The objects a command prints, one a line (status --json: one over many lines)."""
        r = self.command(*args, "--json")
        if r.returncode:
            raise AssertionError("%s ended with %d: %s" % (" ".join(args), r.returncode, r.stderr))
        if args[0] == "status":
            return json.loads(r.stdout)
        return [json.loads(line) for line in r.stdout.splitlines()]

    def queue(self, *args):
        """What waits or is held, as `queue list --json` tells it."""
        return self.json("queue", "list", *args)

    def show(self, number):
        """The whole story of one message, ended or not."""
        return self.json("queue", "show", str(number))[0]

    def history(self):
        """Every message ever taken, by number."""
        return {m["number"]: m for m in self.json("history")}

    def health(self):
        """(exit status, line) of `status --check`."""
        r = self.command("status", "--check")
        return r.returncode, r.stdout.strip()

    def spawn(self, *args, wrapper=(), **more):
        log = open(self.log_path, "ab")
        self.log_from = log.tell()
        self.process = subprocess.Popen(self.prefix + list(wrapper) + [PROGRAM, "run", "--config", self.ini, *args],
                                        stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env, **more)
        log.close()
        return self.process

    def start(self, *args, **more):
        self.spawn(*args, **more)
        wait_for(lambda: "the gateway opens port %d, and what else it listens at\n%s" % (self.port, self.log()[-3000:]), self.answers)
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError("the gateway ended with %s:\n%s" % (self.process.returncode, self.log()[-3000:]))
        log = self.log(self.log_from)  # each opens when its TCP/IP has started: which is the first is not said
        return "listener open" in log and all("listener open name=%s " % name in log for name in self.listeners())

    def listeners(self):
        with open(self.ini, errors="replace") as f:
            return re.findall(r"(?m)^\[listen ([^\]]+)\]", f.read())

    def log(self, start=0):
        """What was logged, from a byte of the file on; log_from: by the process that runs now."""
        try:
            with open(self.log_path, "rb") as f:
                f.seek(start)
                return f.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""

    def stop(self, expect=0):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        if self.process:
            code = self.process.wait(LIMIT)
            self.process = None
            if expect is not None and code != expect:
                raise AssertionError("the gateway ended with %s:\n%s" % (code, self.log()[-3000:]))

    def kill(self):
        self.process.kill()
        self.process.wait(LIMIT)
        self.process = None

    def reload(self):
        r = self.command("reload")
        if r.returncode:
            raise AssertionError("reload: %s" % r.stderr)

    def clear_log(self):
        open(self.log_path, "wb").close()
        self.log_from = 0

    def messages(self, name="jdoe"):
        """Contents of the mailbox, as they came: the numbers in a name have no fixed width."""
        new = os.path.join(self.mail, name, "new")
        out = []
        for entry in sorted(os.listdir(new), key=numbers_of) if os.path.isdir(new) else []:
            with open(os.path.join(new, entry), "rb") as f:
                out.append(f.read())
        return out

    def count(self, name="jdoe"):
        new = os.path.join(self.mail, name, "new")
        return len(os.listdir(new)) if os.path.isdir(new) else 0

    def smtp(self, timeout=LIMIT):
        return Client(self.host, self.port, timeout)

    def send(self, data, to=("jdoe@example.test",), sender="me@client.test"):
        """One message by raw dialogue; data: content with CRLF lines. Returns the final reply."""
        with self.smtp() as c:
            return c.send(data, to, sender)

    def close(self):
        try:
            if self.process and self.process.poll() is None:
                self.process.kill()
                self.process.wait(LIMIT)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


class Space:
    """A network namespace: another machine. Needs root."""

    def __init__(self):
        self.children = []
        # one process that does nothing keeps it; it ends when its standard input does
        self.keeper = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.inside = ["nsenter", "--net=/proc/%d/ns/net" % self.keeper.pid, "--"]
        home = os.readlink("/proc/self/ns/net")
        wait_for("the namespace", lambda: os.readlink("/proc/%d/ns/net" % self.keeper.pid) != home)
        self.run(["ip", "link", "set", "lo", "up"])

    def run(self, argv, check=True, **more):
        """A command in the namespace."""
        more.setdefault("timeout", LIMIT)
        return subprocess.run(self.inside + list(argv), check=check, **more)

    def popen(self, argv, **more):
        """The same in the background; ended with the namespace."""
        process = subprocess.Popen(self.inside + list(argv), **more)
        self.children.append(process)
        return process

    def enter(self, make):
        """What make() returns, its sockets being made inside: a socket lives where it was made, whoever uses it."""
        result = []

        def work():
            try:
                with open("/proc/%d/ns/net" % self.keeper.pid) as ns:
                    if LIBC.setns(ns.fileno(), 0x40000000):
                        raise OSError(ctypes.get_errno(), "setns")
                result.append((make(), None))
            except Exception as e:
                result.append((None, e))

        thread = threading.Thread(target=work)  # a thread's namespace is its own
        thread.start()
        thread.join()
        value, error = result[0]
        if error:
            raise error
        return value

    def client(self, host, port, **more):
        return self.enter(lambda: Client(host, port, **more))

    def counted(self, device="vde0"):
        """Bytes that a network device there has counted, both ways."""
        for line in self.run(["cat", "/proc/net/dev"], stdout=subprocess.PIPE, text=True).stdout.splitlines():
            name, _, rest = line.strip().partition(":")
            if name == device:
                fields = rest.split()
                return int(fields[0]) + int(fields[8])
        return 0

    def close(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
                child.wait(LIMIT)
        self.keeper.stdin.close()
        self.keeper.wait(LIMIT)


class VdeNetwork(Space):
    """A virtual Ethernet: a vde_switch, and a network namespace that is plugged into it by the TAP vde0 (10.77.0.1 and
    fd77::1): another machine on that cable, which shares nothing else with the gateway. mode: of the switch's sockets, None
    as root's switch makes them. Needs root."""

    def __init__(self, host="10.77.0.1/24", host6="fd77::1/64", mode="777", start=True):
        super().__init__()
        self.folder = tempfile.mkdtemp(prefix="smtpgate-vde.")
        os.chmod(self.folder, 0o755)
        self.dir = os.path.join(self.folder, "sw")
        self.url = "vde://" + self.dir
        self.address, self.address6, self.mode = host, host6, mode
        self.host, self.host6 = host.split("/")[0], host6.split("/")[0]
        self.switch = None
        if start:
            self.mend()

    def sink(self, *args, host=None, **more):
        return self.enter(lambda: Sink(*args, host=host or self.host, **more))

    def mend(self):
        """Starts the switch, as at first: same place, same addresses."""
        mode = ["-mod", self.mode] if self.mode else []
        self.switch = subprocess.Popen(self.inside + ["vde_switch", "-sock", self.dir, "-tap", "vde0", *mode],
                                       stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("the switch at %s" % self.dir, self.running)
        wait_for("its device", self.has_device)  # made after its socket
        self.run(["ip", "address", "add", self.address, "dev", "vde0"])
        self.run(["ip", "address", "add", self.address6, "dev", "vde0", "nodad"])
        self.run(["ip", "link", "set", "vde0", "up"])

    def running(self):
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(os.path.join(self.dir, "ctl")) == 0

    def has_device(self):
        return self.run(["ip", "link", "show", "dev", "vde0"], check=False, stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL).returncode == 0

    def cut(self):
        """Pulls the cable: the switch dies at once, its files stay."""
        self.switch.kill()
        self.switch.wait(LIMIT)
        self.switch.stdin.close()
        self.switch = None

    def close(self):
        if self.switch:
            self.cut()
        super().close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Client:
    """A raw SMTP client: says exactly what it is told."""

    def __init__(self, host, port, timeout=LIMIT, source=None):
        self.sock = socket.create_connection((host, port), timeout, source_address=source)
        self.file = self.sock.makefile("rb")
        try:
            self.greeting = self.reply()
        except OSError:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        self.file.close()
        self.sock.close()

    def raw(self, data):
        self.sock.sendall(data)

    def reply(self):
        """(code, text) of one whole reply; (0, "") at the end of the connection."""
        lines = []
        while True:
            line = self.file.readline()
            if not line:
                return 0, "\n".join(lines)
            lines.append(line.decode("latin-1").rstrip("\r\n"))
            if len(line) < 4 or line[3:4] != b"-":
                return int(line[:3]), "\n".join(x[4:] for x in lines)

    def say(self, line):
        self.raw(line.encode("latin-1") + b"\r\n")
        return self.reply()

    def send(self, data, to, sender="me@client.test", helo="client.test"):
        for line in ["EHLO " + helo, "MAIL FROM:<%s>" % sender] + ["RCPT TO:<%s>" % r for r in to] + ["DATA"]:
            reply = self.say(line)
            if reply[0] >= 400:
                return reply
        stuffed = (b"\r\n" + data).replace(b"\r\n.", b"\r\n..")[2:]
        self.raw(stuffed + (b"" if not data or data.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        return self.reply()


def route(port, name="out", **keys):
    """A route section to a smart host on loopback; keys: its other keys, one a line."""
    text = "[route %s]\nsmart_host = 127.0.0.1:%d\n" % (name, port)
    return text + "".join("%s = %s\n" % (key, value) for key, value in keys.items())


def read_file(path):
    """Its text, whatever is in it; "" when there is none."""
    try:
        with open(path, errors="replace") as f:
            return f.read()
    except OSError:
        return ""


def listening(port, host="127.0.0.1"):
    """Does something take connections there?"""
    try:
        socket.create_connection((host, port), 1).close()
        return True
    except OSError:
        return False


def body_of(data):
    """What comes after the first empty line, whatever the line ends."""
    for end in (b"\r\n\r\n", b"\n\n"):
        at = data.find(end)
        if at >= 0:
            return data[at + len(end):]
    return b""


def peer(name, package="postfix", has=None):
    """A program of a real peer, unpacked under the build folder by tests/peers/get.sh when it is not there yet. has: a file that only
    what get.sh unpacks today has."""
    path = os.path.join(PEERS, "bin", name)
    if not os.path.exists(path) or (has and not os.path.exists(os.path.join(PEERS, has))):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers", "get.sh")
        subprocess.run(["sh", script, package, PEERS], check=True, stdout=subprocess.DEVNULL, timeout=300)
    return path


def set_clock(offset, seconds):
    """Of a gateway that runs, whose clock shift_clock has made: in place, since it has the file mapped."""
    with open(offset, "r+b" if os.path.exists(offset) else "wb") as f:
        f.write(struct.pack("q", int(seconds)))


def shift_clock(gateway, seconds, mono=False):
    """Its wall clock, from its next start on, is ours and that much. The file that says so, 8 bytes, may be written anew (set_clock).
    mono: so much time has gone by for its timers, too; what sleeps in the kernel has to be woken to see it."""
    library, offset = os.path.join(gateway.folder, "clock.so"), os.path.join(gateway.folder, "offset")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "torture", "clock.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
    set_clock(offset, seconds)
    if mono:
        gateway.env["CLOCK_MONO"] = "1"
    # a sanitizer wants to be the first library, and needs not be
    gateway.env.update(LD_PRELOAD=library, CLOCK_OFFSET=offset,
                       ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")
    return offset


class Case(unittest.TestCase):
    def gateway(self, **settings):
        g = Gateway(**settings)
        self.addCleanup(g.close)
        return g

    def sink(self, *args, **more):
        s = Sink(*args, **more)
        self.addCleanup(s.close)
        return s

    def network(self, **settings):
        n = VdeNetwork(**settings)
        self.addCleanup(n.close)
        return n


def main():
    program = unittest.main(module="__main__", exit=False, verbosity=2)
    r = program.result
    bad, skipped = len(r.failures), len(r.skipped)
    ran = r.testsRun - skipped
    print("%d%%: Checks: %d, Failures: %d, Errors: %d" % (100 * (ran - bad - len(r.errors)) // max(ran, 1), ran, bad, len(r.errors)))
    if skipped:
        print("Skipped: %d" % skipped)
    good = r.wasSuccessful() and r.testsRun and not (skipped and os.geteuid() == 0)
    sys.exit(1 if not good else 0 if ran else 77)
