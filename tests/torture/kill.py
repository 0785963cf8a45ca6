#!/usr/bin/env python3
"""kill.py [--kills N] [--sessions N] [--seed N]: kills a gateway under load, again and again, and looks for what was lost.

Senders put a tag of its own into every message, each of which goes to a Maildir and through to an SMTP server, and note what
was answered. At a random moment after the first 250 the gateway is killed (SIGKILL) and started again on the same spool. At
the end, when its queue is empty:

  lost        a message that was answered 250 and has not arrived at both places
  refused     one that was answered 4xx or 5xx and arrived all the same
  twice       copies of one message at one place; allowed only when a kill lies between them (the place took it, the
              gateway could not note that any more). Unexplained ones are faults
  sums, gaps  accepted = waiting + held + delivered + bounced + expired + removed, looked at all the time; numbers have no gaps
  chain       `history verify` finds every row as it was written

--early plants a fault: the senders take a message for answered before the answer is there, as if the gateway said 250 before
its commit. That must be found. Exit status 1: something was found. Progress on a terminal.
"""

import argparse
import collections
import json
import os
import random
import re
import socket
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "system"))
import harness  # noqa: E402

TAG = re.compile(rb"^X-Tag: (\S+)", re.M)
LARGE = 300 * 1024  # beside the database, in a file of its own
EMPTY_LIMIT = 600  # seconds for the queue to become empty at the end


def tag_of(data):
    return TAG.search(data).group(1).decode()


class Senders:
    """Sessions that send one message after another until they are ended, and connect again whenever they are cut off."""

    def __init__(self, port, count, early=False):
        self.port, self.early, self.ending = port, early, False
        self.lock, self.number = threading.Lock(), 0
        self.answered, self.refused, self.open = {}, {}, set()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(count)]
        for t in self.threads:
            t.start()

    def run(self):
        while not self.ending:
            try:
                with harness.Client("127.0.0.1", self.port) as c:
                    if c.greeting[0] == 220 and c.say("EHLO torture.test")[0] == 250:
                        while not self.ending and self.one(c):
                            pass
            except (OSError, ValueError):
                time.sleep(0.005)  # it was killed, and is not there again yet

    def next(self):
        with self.lock:
            self.number += 1
            tag = "t%d" % self.number
            self.open.add(tag)
        size = LARGE if self.number % 60 == 0 else self.number * 37 % 4000
        return tag, b"Subject: torture\r\nX-Tag: %s\r\n\r\n%s\r\n" % (tag.encode(), b"0123456789abcde\r\n" * (size // 17))

    def one(self, c):
        tag, data = self.next()
        c.raw(b"MAIL FROM:<>\r\nRCPT TO:<jdoe@example.test>\r\nRCPT TO:<far@remote.test>\r\nDATA\r\n")
        replies = [c.reply() for _ in range(4)]
        if replies[3][0] == 354:
            c.raw(data + b".\r\n")
            if self.early:
                self.note(tag, 250)
            replies.append(c.reply())
        return self.note(tag, replies[-1][0])

    def note(self, tag, code):
        """True when the session may go on. No reply (0): nobody knows, and that is allowed."""
        with self.lock:
            self.open.discard(tag)
            if code == 250:
                self.answered[tag] = True
            elif code:
                self.refused[tag] = code
        return code == 250

    def count(self):
        with self.lock:
            return len(self.answered)

    def end(self):
        self.ending = True
        for t in self.threads:
            t.join(harness.LIMIT)


class Watcher:
    """Asks for the status all the time, over one connection as long as the gateway lives, and looks at its sum."""

    def __init__(self, control):
        self.control, self.ending, self.looks, self.wrong = control, False, 0, []
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.ending:
            try:
                with socket.socket(socket.AF_UNIX) as s:
                    s.settimeout(harness.LIMIT)
                    s.connect(self.control)
                    with s.makefile("rwb") as f:
                        while not self.ending:
                            self.look(f)
            except (OSError, ValueError):
                pass  # it was killed
            time.sleep(0.005)

    def look(self, f):
        f.write(b'{"command":"status"}\n')
        f.flush()
        spool = json.loads(f.readline())["status"]["spool"]
        f.readline()
        self.looks += 1
        if sum(spool["states"].values()) != spool["accepted"]:
            self.wrong.append("%d accepted, but %r" % (spool["accepted"], spool["states"]))
        time.sleep(0.002)

    def end(self):
        self.ending = True
        self.thread.join(harness.LIMIT)


class Report:
    """What a run found; `faults` are sentences."""

    def __init__(self):
        self.kills = self.answered = self.refused = self.unanswered = self.twice = self.looks = 0
        self.faults = []

    def line(self):
        return "%d kills: %d answered 250, %d refused, %d without an answer, %d twice at one place, %d sums, %d faults" % (
            self.kills, self.answered, self.refused, self.unanswered, self.twice, self.looks, len(self.faults))


class Torture:
    def __init__(self, sessions=6, seed=None, early=False):
        self.random = random.Random(seed)
        self.report = Report()
        self.folder = tempfile.mkdtemp(prefix="smtpgate-torture.")
        self.sink = harness.Sink(keep=tag_of)
        self.g = harness.Gateway(ini=harness.route(self.sink.port), listen="max_connections_client = 1000\n",
                                 folder=self.folder)
        self.runs = []  # (process, sessions of the sink before it began)
        self.start()
        self.senders = Senders(self.g.port, sessions, early)
        self.watcher = Watcher(os.path.join(self.g.folder, "control"))

    def start(self):
        before = self.sink.sessions
        self.g.start()
        self.runs.append((self.g.process.pid, before))
        self.check_sums()

    def fault(self, text, *values):
        self.report.faults.append(text % values)

    def check_sums(self):
        spool = self.g.json("status")["spool"]
        if sum(spool["states"].values()) != spool["accepted"]:
            self.fault("after kill %d: %d accepted, but %r", self.report.kills, spool["accepted"], spool["states"])

    def kill(self):
        """One kill, at a random moment after a 250 of this run."""
        before = self.senders.count()
        harness.wait_for("a 250 before the kill", lambda: self.senders.count() > before)
        time.sleep(self.random.random() ** 2 * 0.25)
        self.g.kill()
        self.report.kills += 1
        self.g.clear_log()
        self.start()

    def settle(self):
        self.senders.end()
        harness.wait_for("the queue becomes empty", lambda: not self.g.queue(), EMPTY_LIMIT)
        self.check_sums()
        numbers = sorted(self.g.history())
        if numbers != list(range(1, len(numbers) + 1)):
            self.fault("the numbers of the history have gaps")
        chain = self.g.command("history", "verify")
        if chain.returncode:
            self.fault("history verify: %s", chain.stdout.splitlines()[0] if chain.stdout else chain.stderr)
        self.watcher.end()
        self.report.looks = self.watcher.looks
        self.report.faults += self.watcher.wrong
        self.check()
        self.g.stop()

    def copies(self):
        """{tag: [run, ...]} of the Maildir, and of the sink. A file's name tells its process, a session's number its run."""
        local, far = collections.defaultdict(list), collections.defaultdict(list)
        new = os.path.join(self.g.mail, "jdoe", "new")
        for name in os.listdir(new):
            with open(os.path.join(new, name), "rb") as f:
                local[tag_of(f.read(4096))].append(re.search(r"P(\d+)Q", name).group(1))
        for m in self.sink.messages:
            far[m["data"]].append(sum(m["session"] > first for _, first in self.runs))
        return {"Maildir": local, "SMTP server": far}

    def check(self):
        report, s = self.report, self.senders
        report.answered, report.refused = len(s.answered), len(s.refused)
        report.unanswered = len(s.open)
        for place, found in self.copies().items():
            for tag in s.answered:
                if tag not in found:
                    self.fault("%s was answered 250 and is not at the %s", tag, place)
            for tag, runs in found.items():
                if tag in s.refused:
                    self.fault("%s was answered %d and is at the %s", tag, s.refused[tag], place)
                report.twice += len(runs) - 1
                if len(set(runs)) != len(runs):
                    self.fault("%s is twice at the %s, and no kill lies between", tag, place)

    def close(self):
        self.senders.ending = self.watcher.ending = True
        self.g.close()
        self.sink.close()


def torture(kills, progress=None, **more):
    """The report of a run; more: what Torture takes."""
    t = Torture(**more)
    try:
        for i in range(kills):
            t.kill()
            if progress:
                progress(i + 1)
        t.settle()
    finally:
        t.close()
    return t.report


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--sessions", type=int, default=6)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--early", action="store_true")
    args = parser.parse_args()

    def progress(done):
        if sys.stderr.isatty():
            print("\r\033[K%d/%d kills" % (done, args.kills), end="", file=sys.stderr, flush=True)

    report = torture(args.kills, progress, sessions=args.sessions, seed=args.seed, early=args.early)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    print(report.line())
    for fault in report.faults[:20]:
        print("  " + fault)
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
