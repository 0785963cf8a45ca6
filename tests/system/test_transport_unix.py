#!/usr/bin/env python3
"""A transport of somebody else: doc/examples/transport-unix is built from installed files alone, held against the contract, dropped
into the plugin folder, named in the ini, and carries mail both ways over a network whose addresses are not IP."""

import os
import shutil
import socket
import subprocess
import tempfile
import unittest

import harness
from harness import LIMIT, wait_for

SOURCE = os.path.join(os.environ.get("TEST_SRCDIR", "tests"), os.pardir, "doc", "examples", "transport-unix")
MESSAGE = b"Subject: by socket files\r\n\r\nHallo.\r\n"


class UnixClient(harness.Client):
    """Comes from a socket file of its own, as the stacks do."""

    def __init__(self, network, address, own):
        self.path = os.path.join(network, own.replace(":", "/"))
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(LIMIT)
        self.sock.bind(self.path)
        wait_for("%s takes connections" % address, lambda: self.reaches(os.path.join(network, address.replace(":", "/"))))
        self.file = self.sock.makefile("rb")
        self.greeting = self.reply()

    def reaches(self, path):
        """A stack comes up in a thread of its own, perhaps after the listener that the harness waits for."""
        try:
            self.sock.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True

    def close(self):
        super().close()
        os.unlink(self.path)


class UnixServer(socket.socket):
    """A listening socket file under the interface that harness.Sink uses."""

    path = None

    def bind(self, where):
        super().bind(self.path)

    def setsockopt(self, *args):
        pass

    def getsockname(self):
        return self.path, 0

    def accept(self):
        conn, peer = super().accept()
        return conn, peer


def environment(stage):
    """That of a user whose packages lie in a folder of their own."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS", "CFLAGS", "ASAN", "TSAN"))}
    folder = wait_for("smtpgate-transport.pc is installed", lambda: find(stage, "smtpgate-transport.pc"))
    return dict(env, PKG_CONFIG_PATH=os.path.dirname(folder), PKG_CONFIG_SYSROOT_DIR=stage)


def find(stage, name):
    for folder, _, files in os.walk(stage):
        if name in files:
            return os.path.join(folder, name)
    return None


class DropIn(harness.Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="smtpgate-unix.")
        os.chmod(cls.folder, 0o755)
        cls.stage = os.path.join(cls.folder, "stage")
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
        subprocess.run(["make", "-s", "-C", harness.BUILD, "install", "DESTDIR=" + cls.stage], check=True, env=clean,
                       stdout=subprocess.DEVNULL, timeout=600)
        cls.made = os.path.join(cls.folder, "made")
        os.mkdir(cls.made)
        for name in ("unix.c", "Makefile"):
            shutil.copyfile(os.path.join(SOURCE, name), os.path.join(cls.made, name))
        env = environment(cls.stage)
        subprocess.run(["make", "-s", "CFLAGS=-O2 -Wall -Wextra -Werror"], cwd=cls.made, env=env, check=True, timeout=LIMIT)
        subprocess.run(["make", "-s", "install"], cwd=cls.made, env=env, check=True, timeout=LIMIT)
        cls.module = find(cls.stage, "unix.so")
        cls.program = find(cls.stage, "smtpgate")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    def network(self, *hosts):
        network = tempfile.mkdtemp(prefix="smtpgate-net.")
        self.addCleanup(shutil.rmtree, network, True)
        for host in hosts:
            os.mkdir(os.path.join(network, host))
        return network

    def start(self, network, listen="relay_from = all\n", **more):
        g = self.gateway()
        g.plugin_lines = "plugin_dir = %s\n" % os.path.dirname(self.module)
        self.settings(g, network, listen)
        return g.start(**more)

    def settings(self, g, network, listen, keys=""):
        g.write(vendor="[vendor unix]\nnetwork = %s\naddress = gateway\n%s" % (network, keys),
                ini="[listen retro]\nvendor = unix\naddress = *:25\n%s\n[route out]\nvendor = unix\nsmart_host = sink:25\n"
                "retry = 1s\n" % listen)

    def sink_at(self, network):
        path = os.path.join(network, "sink", "25")
        kind = type("At", (UnixServer,), {"path": path})
        real = harness.socket.socket
        harness.socket.socket = kind
        try:
            return self.sink(family=socket.AF_UNIX)
        finally:
            harness.socket.socket = real

    def test_it_stays_short(self):
        """What an author writes himself, beside the installed headers, is less than 200 lines."""
        with open(os.path.join(self.made, "unix.c"), encoding="utf-8") as f:
            self.assertLess(len(f.readlines()), 200)

    def test_the_headers_are_clean(self):
        """The installed headers trouble no compiler that an author may use, with the warnings that he may have on."""
        flags = subprocess.run(["pkg-config", "--cflags", "smtpgate-transport"], env=environment(self.stage), check=True,
                               stdout=subprocess.PIPE, text=True).stdout.split()
        for compiler in filter(shutil.which, ("gcc", "clang")):
            for standard in ("-std=c11", "-std=gnu17"):
                subprocess.run([compiler, standard, "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion",
                                "-Wmissing-prototypes", "-Wcast-qual", "-Werror", "-fsyntax-only", *flags,
                                os.path.join(self.made, "unix.c")], check=True, timeout=LIMIT)

    def test_it_keeps_the_contract(self):
        network = self.network("dead")
        full = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(full.close)
        full.bind(os.path.join(network, "dead", "25"))
        full.listen(0)
        waiting = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(waiting.close)
        waiting.connect(os.path.join(network, "dead", "25"))
        done = subprocess.run([find(self.stage, "smtpgate-transport-test"), "--set", "network=" + network, "--set", "address=alpha",
                               "--peer-set", "network=" + network, "--peer-set", "address=beta", "--dead", "dead:25",
                               "--sessions", "100", "--bulk", "64K", self.module],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("addresses_good                 exempt: it has addresses that are not IP", done.stdout)
        self.assertRegex(done.stdout, r"unix \(streams of AF_UNIX\): 4\d ok, 0 failed, 1\d exempt")

    def test_mail_in_and_out(self):
        network = self.network("sink")
        sink = self.sink_at(network)
        g = self.start(network)
        with UnixClient(network, "gateway:25", "pc:4711") as c:
            self.assertEqual(c.greeting[0], 220)
            self.assertEqual(c.send(MESSAGE, ["jdoe@example.test", "someone@elsewhere.test"])[0], 250)
        wait_for("mail is in the mailbox", lambda: g.count() == 1)
        wait_for("mail is at the sink", lambda: sink.count() == 1)
        self.assertIn(b"from client.test (pc)", g.messages()[0])
        self.assertIn(b"Hallo.", sink.messages[0]["data"])
        self.assertIn("client=pc", g.log())
        wait_for("the answer of the sink is logged", lambda: 'peer="sink [sink]"' in g.log())
        stack = [s for s in g.json("status")["stacks"] if s["name"] == "unix"]
        self.assertEqual(stack[0]["state"], "up", stack)
        g.stop()

    def test_large_and_killed(self):
        """25 MiB come and go; files that a killed gateway left are taken over."""
        network = self.network("sink")
        sink = self.sink_at(network)
        g = self.start(network)
        file = os.path.join(network, "gateway", "25")
        wait_for("the listener is there", lambda: os.path.exists(file))
        g.kill()
        self.assertTrue(os.path.exists(file))
        g.start()
        line = b"0123456789abcdef" * 4 + b"\r\n"
        large = b"Subject: large\r\n\r\n" + line * (25 * 1024 * 1024 // len(line))
        with UnixClient(network, "gateway:25", "pc:1") as c:
            self.assertEqual(c.send(large, ["someone@elsewhere.test"])[0], 250)
        wait_for("it is at the sink", lambda: sink.count() == 1)
        self.assertEqual(harness.body_of(sink.messages[0]["data"]), harness.body_of(large))
        g.stop()

    def test_no_net_but_all_has_such_a_client(self):
        network = self.network()
        g = self.start(network, listen="relay_from = 0.0.0.0/1, 127.0.0.0/8, ::1\n")
        with UnixClient(network, "gateway:25", "pc:1") as c:
            self.assertEqual(c.send(MESSAGE, ["someone@elsewhere.test"])[0], 550)
            self.assertEqual(c.send(MESSAGE, ["jdoe@example.test"])[0], 250)
        g.stop()
        self.settings(g, network, "accept_from = 10.0.0.0/8\nrelay_from = none\n")
        g.start()
        with UnixClient(network, "gateway:25", "pc:1") as c:
            self.assertEqual(c.greeting[0], 554, c.greeting)
            self.assertIn("for pc here", c.greeting[1])
        g.stop()
        self.settings(g, network, "accept_from = none\nrelay_from = all\n")
        g.start()
        with UnixClient(network, "gateway:25", "pc:1") as c:
            self.assertEqual(c.greeting[0], 220, c.greeting)
        g.stop()

    def test_more_threads_than_it_can_have(self):
        """It has no way to divide an address among several stacks, and says so by its capabilities."""
        network = self.network("sink")
        self.sink_at(network)
        g = self.gateway()
        g.plugin_lines = "plugin_dir = %s\n" % os.path.dirname(self.module)
        self.settings(g, network, "relay_from = all\nthreads = 4\n", "required = yes\n")
        done = g.command("run")
        self.assertEqual((done.returncode, done.stdout), (123, ""), done.stderr)
        remedy = "threads = 1    ; of the listener"
        self.assertIn("  cause:  bad settings: listener retro: threads = 4, and this TCP/IP serves an address by one\n"
                      "  remedy: %s\n" % remedy, done.stderr)
        self.settings(g, network, "relay_from = all\n%s\n" % remedy, "required = yes\n")
        g.start()
        g.stop()

    def test_commands_know_it(self):
        network = self.network("sink")
        self.sink_at(network)
        g = self.start(network)
        rows = [r for r in g.command("vendors").stdout.splitlines() if r.startswith("unix")]
        self.assertIn("streams of AF_UNIX", rows[0])
        g.stop()
        done = g.command("probe", "unix")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("sink:25: 220", done.stdout)
        shutil.rmtree(network)
        done = g.command("probe", "unix")
        self.assertEqual(done.returncode, 123, done.stdout + done.stderr)
        self.assertIn("  remedy: mkdir -p %s\n" % network, done.stderr)


if __name__ == "__main__":
    harness.main()
