#!/usr/bin/env python3
"""reload takes all or nothing; stop waits for the end."""

import os
import signal

import testbed
from testbed import wait_for


def reads(path):
    try:
        with open(path) as f:
            return f.read()
    except FileNotFoundError:
        return ""


class Reload(testbed.Case):
    def test_new_settings_without_losing_a_session(self):
        g = self.gateway().start()
        with g.smtp() as c:
            c.say("EHLO x")
            g.write(gateway="max_size = 2K")
            self.check(g.command("reload"), 0, out="reloaded")
            self.assertEqual(c.say("NOOP")[0], 250)
        with g.smtp() as c:
            self.assertIn("SIZE 2048", c.say("EHLO x")[1])
        g.stop()

    def test_a_faulty_file_changes_nothing(self):
        g = self.gateway().start()
        g.write(gateway="max_size = 2K\nnonsense = 1")
        self.check(g.command("reload"), 78, err=["nonsense", "the gateway keeps the old configuration"])
        with g.smtp() as c:
            self.assertNotIn("SIZE 2048", c.say("EHLO x")[1])
        g.clear_log()
        g.process.send_signal(signal.SIGHUP)
        wait_for("the refusal is logged", lambda: "configuration refused" in g.log())
        g.stop()

    def test_what_needs_a_restart_is_named(self):
        g = self.gateway().start()
        g.port = testbed.free_port()
        g.write()
        done = g.command("reload")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("address", done.stderr)
        g.stop()

    def test_log_file_is_opened_again(self):
        g = self.gateway()
        log = os.path.join(g.folder, "gate.log")
        g.write(ini="[log]\nto = file:%s\n" % log)
        g.spawn()
        wait_for("it is started", lambda: "gateway started" in reads(log))
        os.rename(log, log + ".1")
        self.check(g.command("reload"), 0)
        wait_for("a new file", lambda: "configuration reloaded" in reads(log))
        g.stop()


class Stop(testbed.Case):
    def test_stop_returns_when_it_has_ended(self):
        g = self.gateway().start()
        self.check(g.command("stop"), 0, out="stopped")
        self.assertEqual(g.process.wait(testbed.LIMIT), 0)
        self.assertFalse(os.path.exists(os.path.join(g.folder, "control")))
        self.check(g.command("stop"), 69)
        self.check(g.command("reload"), 69)


if __name__ == "__main__":
    testbed.main()
