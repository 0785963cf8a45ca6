"""A disk that becomes read-only while the gateway runs: 4xx with the reason, told in `status` with what to do, nothing lost, and
back by itself where the disk comes back. Runs itself again in a mount namespace.

The kernel lets nobody mount a file system read-only while files on it are open for writing, so the spool's gets there in two other
ways: by an ext4 of a loop device that its driver takes out of service (as errors=remount-ro does; that one needs a check before
it can be written again), and, for the way back, by EROFS as answers to the gateway's own calls, from the kernel, by strace."""

import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "system"))
import harness  # noqa: E402
from harness import wait_for  # noqa: E402

INSIDE = "SMTPGATE_TEST_MOUNTS"
INI = "[queue]\ndisk_min = 0\ndisk_min_urgent = 0\nretry = 1s\n"
SMALL = b"Subject: small\r\n\r\nx\r\n"
LARGE = b"Subject: large\r\n\r\n" + b"0123456789abcde\r\n" * (400 * 1024 // 17)
CALLS = "openat,write,pwrite64,fsync,fdatasync,ftruncate,renameat,renameat2,unlinkat"
FAR = ["far@remote.test"]  # no route: what is taken stays


class ReadOnly(harness.Case):
    def mount(self, folder, *options, source="tmpfs"):
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["mount", *options, source, folder], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", folder], stderr=subprocess.DEVNULL)

    def refuse(self, g):
        """From here on the kernel answers EROFS to every change of the spool; the process that makes it so."""
        paths = []
        for name in "spool.db", "spool.db-wal", "body":
            paths += ["-P", os.path.join(g.spool, name)]
        p = subprocess.Popen(["strace", "-f", "-q", "-o", "/dev/null", *paths, "-e", "trace=" + CALLS, "-e",
                              "inject=%s:error=EROFS" % CALLS, "-p", str(g.process.pid)], stderr=subprocess.PIPE)
        wait_for("strace has every thread", lambda: all(self.tracer(g, t) == p.pid for t in self.threads(g)))
        return p

    @staticmethod
    def threads(g):
        return os.listdir("/proc/%d/task" % g.process.pid)

    @staticmethod
    def tracer(g, thread):
        with open("/proc/%d/task/%s/status" % (g.process.pid, thread)) as f:
            return next(int(line.split()[1]) for line in f if line.startswith("TracerPid"))

    def refused(self, g, data):
        code, text = g.send(data, to=FAR)
        self.assertIn(code, (451, 452), text)
        self.assertRegex(text, r"^4\.3\.\d ")

    def told(self, g):
        """status says that the spool is broken, why, and what is to be done."""
        wait_for("status is critical", lambda: g.health()[0] == 2)
        line = g.health()[1]
        self.assertIn("the spool is broken", line)
        self.assertRegex(line, "(?i)read-only|readonly|I/O error")
        self.assertRegex(line, "mount -o remount,rw|fsck")
        text = g.command("status").stdout
        self.assertRegex(text, "(?i)spool.*broken")

    def test_spool_and_back(self):
        g = self.gateway(ini=INI, env=harness.TRACED).start()
        for data in SMALL, LARGE:
            self.assertEqual(g.send(data, to=FAR)[0], 250)
        tracer = self.refuse(g)
        for data in SMALL, LARGE, SMALL:
            self.refused(g, data)
        self.told(g)
        tracer.send_signal(signal.SIGINT)
        tracer.wait(harness.LIMIT)
        tracer.stderr.close()
        wait_for("it takes mail again", lambda: g.send(SMALL, to=FAR)[0] == 250)
        wait_for("it is well", lambda: g.health()[0] == 0)
        self.assertEqual(g.send(LARGE)[0], 250)
        wait_for("it delivers and notes it", lambda: g.count() == 1 and len(g.queue()) == 3)
        g.kill()
        g.start()  # what was refused does not come back
        self.assertEqual([m["number"] for m in g.queue()], [1, 2, 3])
        self.assertEqual(g.json("status")["spool"]["accepted"], 4)
        self.assertEqual(g.count(), 1)
        g.stop()

    def test_spool_out_of_service(self):
        if os.geteuid() != 0:
            self.skipTest("a loop device needs root")
        free = subprocess.run(["losetup", "-f"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if free.returncode != 0:  # a container: what root may there is not all
            print("test_spool_out_of_service: not tried, there is no loop device: %s" % free.stdout, file=sys.stderr)
            return
        g = self.gateway(ini=INI)
        image = os.path.join(g.folder, "image")
        with open(image, "wb") as f:
            f.truncate(64 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
        self.mount(g.spool, "-o", "loop", source=image)
        g.start()
        for data in SMALL, LARGE:
            self.assertEqual(g.send(data, to=FAR)[0], 250)
        subprocess.run(["mount", "-o", "remount,abort", g.spool], check=True)
        for data in SMALL, LARGE:
            self.refused(g, data)
        self.told(g)
        g.stop()
        subprocess.run(["umount", g.spool], check=True)
        checked = subprocess.run(["fsck.ext4", "-f", "-y", image], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertIn(checked.returncode, (0, 1), checked.stdout)
        self.mount(g.spool, "-o", "loop", source=image)
        g.start()
        self.assertEqual([m["number"] for m in g.queue()], [1, 2])
        self.assertEqual(g.send(SMALL, to=FAR)[0], 250)
        g.stop()

    def test_mailboxes(self):
        g = self.gateway(ini=INI)
        self.mount(g.mail, "-t", "tmpfs", "-o", "size=16M")
        for part in "new", "cur", "tmp":
            os.makedirs(os.path.join(g.mail, "jdoe", part))
        g.start()
        self.assertEqual(g.send(SMALL)[0], 250)
        wait_for("the first", lambda: g.count() == 1)
        wait_for("no file is open there", lambda: subprocess.run(["mount", "-o", "remount,ro", g.mail],
                                                                 stderr=subprocess.DEVNULL).returncode == 0)
        for _ in range(2):
            self.assertEqual(g.send(SMALL)[0], 250)
        wait_for("they wait, and say why",
                 lambda: len([m for m in g.queue() if "read-only" in m["first"].get("reason", "").lower()]) == 2)
        subprocess.run(["mount", "-o", "remount,rw", g.mail], check=True)
        wait_for("all three", lambda: g.count() == 3 and not g.queue())
        wait_for("it is well", lambda: g.health()[0] == 0)
        g.stop()


if __name__ == "__main__":
    if not os.environ.get(INSIDE):
        flags = "-m" if os.geteuid() == 0 else "-rm"
        os.execvpe("unshare", ["unshare", flags, sys.executable, *sys.argv], dict(os.environ, **{INSIDE: "1"}))
    harness.main()
