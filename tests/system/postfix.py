"""A whole Postfix of our own as a peer, both ways: Debian's, unpacked by tests/peers/get.sh, in a scratch folder. It wants root."""

import os
import shutil
import sys
import tempfile

import harness

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench"))
import servers  # noqa: E402


class Postfix(servers.Postfix):
    """It has mailboxes for sink.example: every name there is `recipient`. All other mail goes to relay, a port of loopback. more: lines
    of main.cf."""

    def __init__(self, relay, more=""):
        harness.peer("smtp-sink")
        self.scratch = tempfile.mkdtemp(prefix="smtpgate-postfix.")
        os.chmod(self.scratch, 0o755)
        super().__init__(os.path.join(self.scratch, "p"), relay, "maildir", harness.BUILD, 20)
        self.more = more

    def prepare(self):
        argv = super().prepare()
        with open(self.folder / "conf/main.cf", "a") as f:
            f.write(self.more)
        return argv

    def start(self):
        self.__enter__()
        return self

    def close(self):
        try:
            if self.process:
                self.__exit__()
        finally:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def messages(self):
        """What is in the mailbox, oldest first."""
        new = self.folder / "mail/recipient/new"
        found = sorted(new.iterdir(), key=lambda p: p.stat().st_mtime_ns) if new.exists() else []
        return [p.read_bytes() for p in found]
