"""swaks, message after message, to a Maildir and through to a real smtp-sink. SMTPGATE_SWAKS=1000 is the long form."""

import os
import re
import subprocess
import threading

import harness

COUNT = int(os.environ.get("SMTPGATE_SWAKS", "100"))
LANES = 4  # swaks at a time


class Swaks(harness.Case):
    def sinks(self):
        """smtp-sink writes each message to a file of its own here; its port."""
        port, folder = harness.free_port(), harness.tempfile.mkdtemp(prefix="smtpgate-sink.")
        self.addCleanup(harness.shutil.rmtree, folder)
        os.chmod(folder, 0o777)
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        sink = subprocess.Popen([harness.peer("smtp-sink"), *user, "-d", folder + "/%M.", "127.0.0.1:%d" % port, "200"],
                                stdout=subprocess.DEVNULL)
        self.addCleanup(lambda: (sink.kill(), sink.wait()))
        harness.wait_for("smtp-sink", lambda: harness.listening(port))
        return port, folder

    def send(self, g, numbers):
        for n in numbers:
            done = subprocess.run(["swaks", "--server", "127.0.0.1:%d" % g.port, "--from", "me@client.test", "--silent", "1",
                                   "--to", "jdoe@example.test,far@remote.test", "--body", "swaks number %d" % n],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=harness.LIMIT)
            if done.returncode:
                self.failed.append(done.stdout.decode())

    def test_many(self):
        port, folder = self.sinks()
        g = self.gateway(ini=harness.route(port)).start()
        self.failed = []
        lanes = [threading.Thread(target=self.send, args=(g, range(i, COUNT, LANES))) for i in range(LANES)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
        self.assertEqual(self.failed, [])
        harness.wait_for("all are delivered", lambda: not g.queue())
        want = set(range(COUNT))
        local = [int(re.search(rb"swaks number (\d+)", m).group(1)) for m in g.messages()]
        far = []
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as f:
                far += [int(n) for n in re.findall(rb"swaks number (\d+)", f.read())]
        self.assertEqual((sorted(local), sorted(far)), (sorted(want), sorted(want)))
        g.stop()


if __name__ == "__main__":
    harness.main()
