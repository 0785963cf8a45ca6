#!/usr/bin/env python3
"""run: how the gateway starts, refuses to start, and ends, as scripts and service managers see it."""

import os
import signal
import socket
import sys
import time

import testbed
from testbed import LIMIT, wait_for


def reads(path):
    try:
        with open(path) as f:
            return f.read()
    except FileNotFoundError:
        return ""


def gone(pid):
    return not os.path.exists("/proc/%d" % pid) or " Z " in reads("/proc/%d/stat" % pid)


class Starting(testbed.Case):
    def test_daemon_writes_its_number_and_stops(self):
        g = self.gateway(gateway="admin = jdoe@example.test")
        pidfile = os.path.join(g.folder, "pid")
        self.check(g.command("run", "--daemon", "--pidfile", pidfile), 0)
        pid = int(reads(pidfile))
        self.assertEqual(os.readlink("/proc/%d/cwd" % pid), "/")
        self.assertEqual([os.readlink("/proc/%d/fd/%d" % (pid, n)) for n in range(3)], ["/dev/null"] * 3)
        self.assertEqual(g.send(b"Subject: x\r\n\r\nx\r\n")[0], 250)
        self.check(g.command("run", "--daemon", "--pidfile", pidfile), 1, err="bind (110): ")
        self.check(g.command("stop"), 0, out="stopped")
        wait_for("the process ends", lambda: gone(pid))
        self.assertFalse(os.path.exists(pidfile))
        self.assertFalse(os.path.exists(os.path.join(g.folder, "control")))

    def test_service_manager_is_told(self):
        g = self.gateway()
        manager = testbed.Manager(g)
        self.addCleanup(manager.close)
        g.env["WATCHDOG_USEC"] = "200000"
        g.spawn()
        self.assertIn("MAINPID=%d" % g.process.pid, manager.wait("READY=1"))
        manager.wait("WATCHDOG=1")
        self.assertEqual(g.send(b"Subject: x\r\n\r\nx\r\n")[0], 250)
        g.process.send_signal(signal.SIGHUP)
        self.assertIn("MONOTONIC_USEC=", manager.wait("RELOADING=1"))
        manager.wait("READY=1")
        g.process.send_signal(signal.SIGTERM)
        manager.wait("STOPPING=1")
        self.assertEqual(g.process.wait(LIMIT), 0)

    def test_handed_descriptor_is_used(self):
        g = self.gateway(vendor="[vendor lmn]\nsockets = required")
        self.check(g.command("run"), 123, err="SOCKETS")
        listening = socket.create_server(("127.0.0.1", g.port))
        self.addCleanup(listening.close)
        helper = ("import os, sys; os.dup2(%d, 3); os.set_inheritable(3, True);"
                  "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1', LISTEN_FDNAMES='lan');"
                  "os.execv(sys.argv[1], sys.argv[1:])" % listening.fileno())
        g.start(wrapper=[sys.executable, "-c", helper], pass_fds=[listening.fileno()])
        self.assertEqual(g.send(b"Subject: x\r\n\r\nx\r\n")[0], 250)
        g.stop()

    def test_inherited_descriptors_are_closed(self):
        g = self.gateway()
        ends = os.pipe()
        g.start(pass_fds=ends)
        inodes = {os.fstat(end).st_ino for end in ends}
        held = {os.stat("/proc/%d/fd/%s" % (g.process.pid, n)).st_ino
                for n in os.listdir("/proc/%d/fd" % g.process.pid)}
        self.assertFalse(inodes & held)
        g.stop()

    def test_rights_are_dropped(self):
        if os.geteuid() != 0:
            g = self.gateway(gateway="user = nobody")
            self.check(g.command("run"), 1, err="it was not started by root")
            return
        g = self.gateway(gateway="user = nobody")
        for folder, _, _ in os.walk(g.mail):
            os.chown(folder, 65534, 65534)
        g.start()
        status = reads("/proc/%d/status" % g.process.pid)
        self.assertIn("Uid:\t65534\t65534\t65534\t65534", status)
        self.assertNotIn("Gid:\t0", status)
        self.assertEqual(os.stat(g.spool).st_uid, 65534)
        self.assertEqual(g.send(b"Subject: x\r\n\r\nx\r\n")[0], 250)
        wait_for("the message is delivered", lambda: g.count() == 1)
        self.check(g.command("status", "--check"), 0)
        g.stop()
        self.assertNotIn("keeps the rights of root", g.log())


class Refusing(testbed.Case):
    def test_socket_error(self):
        for args in [], ["--daemon"]:
            g = self.gateway()
            with open(g.ini) as f:
                text = f.read()
            with open(g.ini, "w") as f:
                f.write("\n".join(line for line in text.split("\n") if not line.startswith("plugin_dir"))
                        .replace("[gateway]", "[gateway]\nplugin_dir = /nowhere", 1))
            begun = time.monotonic()
            done = self.check(g.command("run", *args), 123, err=["\n  vendor: lmn, ", "\n  cause:  ", "\n  remedy: "])
            self.assertLess(time.monotonic() - begun, LIMIT)
            self.assertTrue(done.stderr.startswith("socket error (123)\n"), done.stderr)
            self.assertEqual(done.stdout, "")
            self.assertFalse(os.path.exists(g.spool))
            self.assertIn("ERROR socket: (123) network error", done.stderr)

    def test_vendor_by_the_programs_name(self):
        g = self.gateway()
        self.check(self.called(g, "smtpftp", "run"), 123, err=["socket error (123)", "vendor: ftp, PC/TCP Kernel"])

    def test_taken_port_is_1_and_names_the_holder(self):
        g = self.gateway()
        with socket.create_server(("127.0.0.1", g.port)):
            done = self.check(g.command("run"), 1, err=["bind (110): ", "127.0.0.1:%d" % g.port, str(os.getpid())])
        self.assertTrue(done.stderr.startswith("bind (110): "))
        self.assertFalse(os.path.exists(g.spool))

    def test_held_spool_is_75(self):
        first, second = self.gateway().start(), self.gateway()
        second.spool = first.spool
        second.write()
        done = self.check(second.command("run"), 75, err=str(first.process.pid))
        self.assertNotIn("socket error", done.stderr.lower())  # its TCP/IP was stopped, not lost
        self.assertNotIn("vendor down", done.stderr)
        self.assertEqual(first.send(b"Subject: x\r\n\r\nx\r\n")[0], 250)
        first.stop()

    def test_answering_control_socket_is_75(self):
        first, second = self.gateway().start(), self.gateway()
        second.write(gateway="")
        with open(second.ini) as f:
            text = f.read()
        with open(second.ini, "w") as f:
            f.write(text.replace(second.folder + "/control", first.folder + "/control"))
        self.check(second.command("run"), 75, err="another gateway answers")
        self.check(first.command("status", "--check"), 0)
        first.stop()

    def test_faulty_configuration_is_78(self):
        g = self.gateway(listen="relay_form = all", ini="[rout x]\n")
        self.check(g.command("run"), 78, err=["relay_from", "\"route\""])
        self.check(g.command("run", "--daemon"), 78)
        g.write(gateway="user = no-such-user")
        self.check(g.command("run"), 78, err="no-such-user")
        os.unlink(g.ini)
        self.check(g.command("run"), 78, err=g.ini)
        self.assertFalse(os.path.exists(g.spool))

    def test_wrong_usage_is_64(self):
        g = self.gateway()
        self.check(g.command("run", "now"), 64)
        self.check(g.command("run", "--deamon"), 64, err="--daemon")


class Ending(testbed.Case):
    def test_term_finishes_and_leaves_nothing(self):
        g = self.gateway().start()
        before = g.process.pid
        with g.smtp() as c:
            c.say("EHLO x")
            c.say("MAIL FROM:<a@client.test>")
            c.say("RCPT TO:<jdoe@example.test>")
            self.assertEqual(c.say("DATA")[0], 354)
            c.raw(b"Subject: half\r\n\r\n")
            g.process.send_signal(signal.SIGTERM)
            wait_for("it is stopping", lambda: "gateway stopping" in g.log())
            c.raw(b"and the rest\r\n.\r\n")
            self.assertEqual(c.reply()[0], 250)
        self.assertEqual(g.process.wait(LIMIT), 0)
        self.assertTrue(gone(before))
        self.assertIn("gateway stopped", g.log())

    def test_a_second_term_is_quick(self):
        g = self.gateway(gateway="stop_wait = 1h").start()
        with g.smtp() as c:
            c.say("EHLO x")
            c.say("MAIL FROM:<a@client.test>")
            c.say("RCPT TO:<jdoe@example.test>")
            self.assertEqual(c.say("DATA")[0], 354)
            g.process.send_signal(signal.SIGTERM)
            wait_for("it is stopping", lambda: "gateway stopping" in g.log())
            g.process.send_signal(signal.SIGTERM)
            self.assertEqual(g.process.wait(LIMIT), 0)

    def test_usr1_flushes(self):
        g = self.gateway().start()
        g.process.send_signal(signal.SIGUSR1)
        wait_for("the flush", lambda: "by=SIGUSR1" in g.log())
        g.stop()

    def test_start_and_stop_leave_no_descriptor_behind(self):
        g = self.gateway().start()
        fds = "/proc/%d/fd" % g.process.pid
        self.check(g.command("status"), 0)
        count = len(os.listdir(fds))
        for _ in range(20):
            self.check(g.command("status"), 0)
            self.check(g.command("queue", "list"), 0)
            g.process.send_signal(signal.SIGHUP)
        wait_for("descriptors as before", lambda: len(os.listdir(fds)) <= count)
        g.stop()


if __name__ == "__main__":
    testbed.main()
