"""[gateway] memory_max is a ceiling: whatever is slow (the spool's disk, a put program, a server, clients that sit there), senders are
slowed down and sent away before it, nothing answered is lost, and all goes on when it is over.
Runs itself again in a mount namespace. 80M is the least that can be set: 16 MiB of it are the senders'."""

import os
import resource
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "system"))
import harness  # noqa: E402
from harness import wait_for  # noqa: E402

INSIDE = "SMTPGATE_TEST_MOUNTS"
LEAST, SENDERS = 80 << 20, 16 << 20
SIZE = 200 * 1024
DATA = b"Subject: memory\r\n\r\n" + b"0123456789abcde\r\n" * (SIZE // 17)
FILES = 8192  # descriptors that the tests with many clients need
DEAD, DEAD_MEMORY = 5000, 128 << 20  # destinations; a ceiling that their connections would pass
FAR = "far@remote.test"  # no route: what is taken stays


class Client:
    """A connection that is talked over without waiting for answers."""

    def __init__(self, g):
        self.socket = socket.create_connection((g.host, g.port))
        self.socket.settimeout(harness.LIMIT)
        self.file = self.socket.makefile("rb")
        self.greeting = self.reply()

    def reply(self):
        while True:
            line = self.file.readline()
            if line[3:4] != b"-":
                return line.decode("latin-1").rstrip("\r\n")

    def begin(self, to):
        """Up to DATA; its answer is not waited for."""
        for line in "EHLO client.test", "MAIL FROM:<me@client.test>", "RCPT TO:<%s>" % to:
            self.socket.sendall(line.encode() + b"\r\n")
            answer = self.reply()
            if not answer.startswith("250"):
                raise AssertionError("%s: %s" % (line, answer))
        self.socket.sendall(b"DATA\r\n")

    def content(self):
        self.socket.sendall(DATA + b".\r\n")

    def close(self):
        self.file.close()
        self.socket.close()


class Memory(harness.Case):
    def small(self, ini="", **more):
        g = self.gateway(ini="[queue]\ndisk_min = 0\ndisk_min_urgent = 0\nretry = 1s\n" + ini, gateway="memory_max = 80M\n",
                         listen="max_connections = 10000\nmax_connections_client = 10000\n", **more)
        return g

    def many(self):
        if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < FILES:
            self.skipTest("there may not be %d open files" % FILES)

    def client(self, g):
        c = Client(g)
        self.addCleanup(c.close)
        return c

    def fits(self, g):
        """What was kept because others sent stayed below its ceiling, and so did the process (a sanitizer's is another)."""
        memory = g.json("status")["memory"]
        self.assertEqual(memory["most"], SENDERS)
        self.assertLessEqual(memory["peak"], SENDERS + 2 * SIZE)
        self.assertGreater(memory["peak"], SENDERS // 3)  # it was reached, or there was no test
        if not os.environ.get("ASAN_OPTIONS") and not os.environ.get("TSAN_OPTIONS") and not harness.sanitized():
            self.assertLess(self.resident(g), LEAST)

    @staticmethod
    def resident(g):
        with open("/proc/%d/status" % g.process.pid) as f:
            return next(int(line.split()[1]) << 10 for line in f if line.startswith("VmHWM"))

    def disk(self, g):
        """An ext4 of its own for the spool, that can be frozen; None: there is no loop device."""
        free = subprocess.run(["losetup", "-f"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if free.returncode != 0:
            return None
        image = os.path.join(g.folder, "image")
        with open(image, "wb") as f:
            f.truncate(256 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
        os.makedirs(g.spool)
        subprocess.run(["mount", "-o", "loop", image, g.spool], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", g.spool])
        self.addCleanup(subprocess.run, ["fsfreeze", "-u", g.spool], stderr=subprocess.DEVNULL)
        return image

    def test_frozen_disk(self):
        if os.geteuid() != 0:
            self.skipTest("freezing a disk needs root")
        g = self.small()
        if not self.disk(g):
            print("test_frozen_disk: not tried, there is no loop device", file=sys.stderr)
            return
        g.start()
        self.assertEqual(g.send(DATA, to=[FAR])[0], 250)
        subprocess.run(["fsfreeze", "-f", g.spool], check=True)
        clients = [self.client(g) for _ in range(120)]
        for c in clients:
            c.begin(FAR)
        taken, refused = [], []
        for c in clients:
            answer = c.reply()  # at once, or when it has waited for room in vain
            (taken if answer.startswith("354") else refused).append(c)
            if answer.startswith("354"):
                c.content()
            else:
                self.assertRegex(answer, "^452 4.3.1 ")
        wait_for("status tells of the disk", lambda: "its disk hangs" in g.health()[1])
        self.assertEqual(g.health()[0], 2)
        self.assertGreater(g.json("status")["memory"]["used"], SENDERS // 2)
        self.assertGreater(len(taken), 10)
        self.assertGreater(len(refused), 10)
        subprocess.run(["fsfreeze", "-u", g.spool], check=True)
        for c in taken:
            self.assertRegex(c.reply(), "^250 2.0.0 Ok: queued")
        self.assertEqual(g.send(DATA, to=[FAR])[0], 250)
        self.assertEqual(len(g.queue()), len(taken) + 2)
        self.fits(g)
        self.assertGreater(g.json("status")["memory"]["refused"], 0)
        for c in clients:
            c.close()
        wait_for("all is given back", lambda: g.json("status")["memory"]["used"] == 0)
        g.stop()

    def test_data_refused_by_the_spool(self):
        """It gives back what it was to have, however often it is tried within one envelope."""
        g = self.small()
        short = os.path.join(g.folder, "short")
        library = os.path.join(g.folder, "short.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, "-x", "c", "-"], check=True, text=True, input="""
            #define _GNU_SOURCE
            #include <dlfcn.h>
            #include <unistd.h>
            void *EVP_MD_CTX_new(void) { /* no draft of a message without it */
                void *(*real)(void) = (void *(*)(void))dlsym(RTLD_NEXT, "EVP_MD_CTX_new");
                return access("%s", F_OK) == 0 ? 0 : real();
            }""" % short)
        g.env.update(LD_PRELOAD=library, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")
        g.start()
        with g.smtp() as c:
            for line in "EHLO client.test", "MAIL FROM:<me@client.test>", "RCPT TO:<%s>" % FAR:
                self.assertEqual(c.say(line)[0], 250)
            before = g.json("status")["memory"]["used"]
            with open(short, "w"):
                pass
            for _ in range(5):
                self.assertEqual(c.say("DATA")[0], 451)
                self.assertEqual(g.json("status")["memory"]["used"], before)
            os.unlink(short)
            self.assertEqual(c.say("DATA")[0], 354)
            self.assertGreater(g.json("status")["memory"]["used"], before)
            c.raw(DATA + b".\r\n")
            self.assertEqual(c.reply()[0], 250)
        wait_for("all is given back", lambda: g.json("status")["memory"]["used"] == 0)
        self.assertEqual(len(g.queue()), 1)
        g.stop()

    def test_slow_server(self):
        sink = self.sink(lambda verb, argument, session: self.hold(verb))
        self.open = False
        g = self.small("[route far]\nmatch = remote.test\nsmart_host = 127.0.0.1:%d\ntls = off\nmax_connections = 3\n"
                       "max_size = 0\n" % sink.port).start()
        for _ in range(150):  # 30 MB: the disk takes them, not the memory
            self.assertEqual(g.send(DATA, to=[FAR])[0], 250)
        status = g.json("status")
        self.assertEqual(status["spool"]["messages_waiting"], 150)
        self.assertLess(status["active_messages"], 60)
        self.fits(g)
        self.open = True
        wait_for("all arrive", lambda: sink.count() == 150)
        wait_for("all is given back", lambda: not g.queue())
        self.fits(g)
        g.stop()

    def hold(self, verb):
        if verb == "END":
            wait_for("the server goes on", lambda: self.open)
        return None

    def test_slow_put(self):
        """A postoffice of Microsoft Mail whose put program sleeps: one message at a time, the rest on the disk."""
        gate, drive = os.path.join(self.scratch(), "gate"), os.path.join(self.scratch(), "m")
        program = os.path.join(self.scratch(), "put")
        with open(program, "w") as f:
            f.write("#!/bin/sh\nwhile [ ! -e %s ]; do sleep 0.1; done\nexit 0\n" % gate)
        os.chmod(program, 0o755)
        for name in "glb", "smtp":
            os.makedirs(os.path.join(drive, name))
        g = self.small("[postoffice OLD/PO]\ndomain = old.test\npath = %s\nformat = mmff\nput = %s\nmailboxes = any\n"
                       % (drive, program)).start()
        for _ in range(150):
            self.assertEqual(g.send(DATA, to=["jdoe@old.test"])[0], 250)
        status = g.json("status")
        self.assertGreater(status["spool"]["messages_waiting"], 140)
        self.assertLess(status["active_messages"], 60)
        self.fits(g)
        with open(gate, "w"):
            pass
        g.stop()

    @unittest.skipUnless(os.geteuid() == 0, "port 25 of a namespace is root's")
    def test_dead_destinations(self):
        """Hosts that answer nothing, each with a message and a connection that does not come to be: more of them than there is
        memory for at once. What goes elsewhere goes on meanwhile."""
        self.many()
        space = harness.Space()
        self.addCleanup(space.close)
        space.run(["ip", "route", "add", "local", "10.77.0.0/16", "dev", "lo"])
        hole = space.enter(lambda: socket.create_server(("0.0.0.0", 25), backlog=0))
        self.addCleanup(hole.close)
        for _ in range(4):  # it is full: whoever comes now hears nothing
            s = space.enter(socket.socket)
            self.addCleanup(s.close)
            s.setblocking(False)
            s.connect_ex(("127.0.0.1", 25))
        g = space.enter(lambda: self.gateway(ini="[queue]\ndisk_min = 0\ndisk_min_urgent = 0\n[route out]\nsmart_host = mx\n",
                                             gateway="memory_max = %dM\n" % (DEAD_MEMORY >> 20)).start())
        with space.client(g.host, g.port) as c:
            for i in range(DEAD):
                answer = c.send(b"Subject: dead\r\n\r\nx\r\n", ["x@[10.77.%d.%d]" % (i // 250, i % 250 + 1)])
                self.assertEqual(answer[0], 250, answer)
            most = 0
            for i in range(20):
                self.assertEqual(c.send(b"Subject: live\r\n\r\nx\r\n", ["jdoe@example.test"])[0], 250)
                most = max(most, g.json("status")["active_messages"])
        self.assertGreater(most, 500)  # connections were on their way, or there was no test
        wait_for("what is for others arrives", lambda: g.count() == 20, 3 * harness.LIMIT)
        self.assertEqual(g.json("status")["spool"]["states"]["waiting"], DEAD)
        if not harness.sanitized():
            self.assertLess(self.resident(g), DEAD_MEMORY)
        g.stop()

    def test_clients_that_sit_there(self):
        self.many()
        g = self.small().start()
        clients = []
        while True:
            c = self.client(g)
            clients.append(c)
            if not c.greeting.startswith("220"):
                break
            self.assertLess(len(clients), 3000)
        self.assertRegex(c.greeting, "^421 .*memory is short")
        self.assertGreater(len(clients), 1000)
        self.assertEqual(g.health()[0], 1)
        self.assertIn("memory_max", g.health()[1])
        self.fits(g)
        for c in clients[:100]:
            c.close()
        wait_for("there is room again", lambda: Client(g).greeting.startswith("220"))
        self.assertEqual(g.send(b"Subject: x\r\n\r\nx\r\n")[0], 250)
        wait_for("mail flows", lambda: g.count() == 1)
        for c in clients:
            c.close()
        wait_for("it is well", lambda: g.health()[0] == 0)
        g.stop()

    def test_clients_that_do_not_read(self):
        self.many()
        g = self.small().start()
        clients = []
        for _ in range(1500):
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect((g.host, g.port))
            s.setblocking(False)
            clients.append(s)
            self.addCleanup(s.close)
        text = b"NOOP\r\n" * 10000

        def talk():  # what the kernel keeps is no part of the process
            for s in clients:
                try:
                    s.send(text)
                except OSError:  # full, or it was ended
                    pass
            return "it does not read its replies" in g.log()
        wait_for("the first are ended", talk)
        for _ in range(20):
            talk()
        self.fits(g)
        for s in clients:
            s.close()
        wait_for("all is given back", lambda: g.json("status")["memory"]["used"] == 0)
        self.assertEqual(g.send(b"Subject: x\r\n\r\nx\r\n")[0], 250)
        g.stop()

    def scratch(self):
        if not hasattr(self, "folder"):
            self.folder = self.enterContext(harness.tempfile.TemporaryDirectory(prefix="smtpgate-memory."))
        return self.folder


if __name__ == "__main__":
    if not os.environ.get(INSIDE):
        flags = "-m" if os.geteuid() == 0 else "-rm"
        os.execvpe("unshare", ["unshare", flags, sys.executable, *sys.argv], dict(os.environ, **{INSIDE: "1"}))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if os.geteuid() == 0:  # who may ask for more
        hard = max(hard, FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, hard), hard))
    harness.main()
