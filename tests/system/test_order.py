"""What the kernel is asked for, in order, as strace sees it: the sync before the 250, the Maildir before its note."""

import os
import re

import harness

CALLS = "trace=fsync,fdatasync,sendto,sendmsg,write,writev,rename,renameat,renameat2,openat,unlinkat"


class Order(harness.Case):
    def traced(self, work):
        """The calls of a gateway while `work(gateway)` is done: lines, oldest first."""
        # a sanitizer cannot look for leaks in what is traced
        g = self.gateway(env=harness.TRACED)
        trace = os.path.join(g.folder, "trace")
        g.spawn(wrapper=["strace", "-f", "-y", "-s", "80", "-o", trace, "-e", CALLS])
        harness.wait_for("it listens", g.answers)
        begin = len(self.lines(trace))
        work(g)
        # strace passes no signal on: the gateway itself is asked to stop
        self.assertEqual(g.command("stop").returncode, 0)
        self.assertEqual(g.process.wait(harness.LIMIT), 0)
        return g, self.lines(trace)[begin:]

    @staticmethod
    def lines(trace):
        with open(trace, errors="replace") as f:
            return f.read().splitlines()

    def at(self, lines, pattern, start=0):
        for i in range(start, len(lines)):
            if re.search(pattern, lines[i]):
                return i
        self.fail("not in the trace behind line %d: %s\n%s" % (start, pattern, "\n".join(lines[-60:])))

    def test_sync_before_250(self):
        for size in 100, 400 * 1024:  # within the database, and in a file beside it
            with self.subTest(size):
                def work(g):
                    data = b"Subject: order\r\n\r\n" + (b"x" * 68 + b"\r\n") * (size // 70)
                    self.assertEqual(g.send(data)[0], 250)
                g, lines = self.traced(work)
                answer = self.at(lines, r'"250 2\.0\.0 Ok: queued')
                syncs = [i for i in range(answer) if re.search(r"sync\(\d+<[^>]*-wal>", lines[i])]
                self.assertTrue(syncs, "the log of the database is not synced\n" + "\n".join(lines[:answer + 1]))
                # strace parts a call in which another thread runs: where it ended counts
                self.assertLess(self.at(lines, r"sync\b.*= 0$", syncs[-1]), answer)
                between = "\n".join(lines[syncs[-1]:answer])
                self.assertNotRegex(between, r"write\w*\(\d+<[^>]*-wal>", "the log was written after its sync")
                if size > 256 * 1024:
                    body = self.at(lines, r"fsync\(\d+<[^>]*/spool/body/")
                    name = self.at(lines, r"rename\w*\(.*body", body)
                    self.assertLess(self.at(lines, r"fsync\(\d+<[^>]*/spool/body>", name), syncs[-1])

    def test_maildir_is_synced_before_it_is_noted(self):
        def work(g):
            self.assertEqual(g.send(b"Subject: order\r\n\r\nx\r\n")[0], 250)
            harness.wait_for("it is delivered and noted", lambda: g.count() and not g.queue())
        g, lines = self.traced(work)
        content = self.at(lines, r"fsync\(\d+<[^>]*/jdoe/tmp/")
        name = self.at(lines, r"rename\w*\(.*jdoe", content)
        folder = self.at(lines, r"fsync\(\d+<[^>]*/jdoe/new>", name)
        self.at(lines, r"sync\(\d+<[^>]*-wal>", folder)


if __name__ == "__main__":
    harness.main()
