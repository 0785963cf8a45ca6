"""The two that are compared: a private Postfix and smtpgate, each on loopback, in a folder of its own, ended by its pid.

Both keep what they accept on disk before they answer, and send it on to one sink over at most CONNECTIONS connections.
Postfix has its limits per client lifted and its brake (in_flow_delay) off; otherwise it is as Debian ships it.
"""
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from ports import free_port  # noqa: E402

CONNECTIONS = 20
START_LIMIT_S = 30


class Server:
    """A started server: a session of its own, so that all its processes are found. Use as a context."""

    name = None

    def __init__(self, folder, sink_port, way):
        self.folder = pathlib.Path(folder)
        self.sink_port = sink_port  # where accepted mail goes
        self.way = way  # send: to the sink; hold: keep it; maildir: into a mailbox
        self.port = free_port()
        self.process = None

    def __enter__(self):
        self.folder.mkdir(parents=True)
        self.folder.chmod(0o755)
        with open(self.folder / "output", "wb") as output:
            self.process = subprocess.Popen(self.prepare(), stdout=output, stderr=output, stdin=subprocess.DEVNULL,
                                            start_new_session=True)
        limit = time.monotonic() + START_LIMIT_S
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > limit:
                self.__exit__()
                raise RuntimeError(f"{self.name} did not start:\n" + self.story())
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pid in self.pids():  # what the first process left behind, of this session alone
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it has just ended by itself
        return False

    def delivered(self):
        """How many messages are in the mailbox."""
        new = self.folder / "mail/recipient/new"
        return len(os.listdir(new)) if new.exists() else 0

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as s:
                s.settimeout(5)
                return s.recv(4) == b"220 "
        except OSError:
            return False

    def story(self):
        """The end of what it wrote, for a failure."""
        texts = [p.read_text(errors="replace")[-2000:] for p in (self.folder / "output", self.folder / "log") if p.exists()]
        return "\n".join(texts)

    def pids(self):
        """Every process of the session."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                stat = self.stat(int(entry.name))
                if stat and int(stat[3]) == self.process.pid:
                    found.append(int(entry.name))
        return found

    @staticmethod
    def stat(pid):
        """The fields of /proc/PID/stat after the name: state is 0, session 3, utime 11 to cstime 14. None when it is gone."""
        try:
            return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None

    def cpu_s(self):
        """Processor seconds of all its processes so far, those among them that have ended and were waited for."""
        ticks = 0
        for pid in self.pids():
            stat = self.stat(pid)
            ticks += sum(int(n) for n in stat[11:15]) if stat else 0
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory_kib(self):
        """Proportional set size of all its processes."""
        total = 0
        for pid in self.pids():
            try:
                rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            except OSError:
                continue
            total += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        return total


class Postfix(Server):
    """Debian's Postfix from build/peers. Its master wants root, a mail owner and a group: existing ones, none is made."""

    name = "postfix"
    OWNER, GROUP = "mail", "uucp"

    def __init__(self, folder, sink_port, way, build, sessions):
        super().__init__(folder, sink_port, way)
        self.peers = pathlib.Path(build, "peers")
        self.sessions = sessions

    def kept(self):
        """How many messages it holds."""
        return len(list((self.folder / "spool/hold").iterdir()))

    def prepare(self):
        tree, conf = self.peers / "postfix", self.folder / "conf"
        libraries = (tree / ".libraries").read_text().strip()
        for name in ("conf", "spool", "data"):
            (self.folder / name).mkdir()
        settings = {
            "compatibility_level": "3.6", "queue_directory": self.folder / "spool", "data_directory": self.folder / "data",
            "daemon_directory": tree / "usr/lib/postfix/sbin", "command_directory": tree / "usr/sbin",
            "shlib_directory": "no", "meta_directory": tree / "etc/postfix", "mail_owner": self.OWNER,
            "setgid_group": self.GROUP, "default_privs": "nobody", "inet_interfaces": "127.0.0.1", "inet_protocols": "ipv4",
            "maillog_file": self.folder / "log", "maillog_file_prefixes": self.folder,
            "import_environment": f"MAIL_CONFIG TZ LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME LD_LIBRARY_PATH={libraries}",
            "myhostname": "postfix.example", "mydestination": "",
            "mynetworks": "127.0.0.0/8", "alias_maps": "", "alias_database": "", "local_recipient_maps": "",
            "relayhost": f"[127.0.0.1]:{self.sink_port}", "smtp_destination_concurrency_limit": CONNECTIONS,
            "smtpd_client_connection_count_limit": 0, "smtpd_client_connection_rate_limit": 0,
            "default_process_limit": self.sessions + 100, "in_flow_delay": 0, "disable_dns_lookups": "yes",
        }
        if self.way == "hold":
            settings["smtpd_client_restrictions"] = "check_client_access static:hold"
        if self.way == "maildir":
            (self.folder / "mail").mkdir()
            shutil.chown(self.folder / "mail", self.OWNER)
            owner = pwd.getpwnam(self.OWNER)
            settings.update({
                "virtual_mailbox_domains": "sink.example", "virtual_mailbox_base": self.folder / "mail",
                "virtual_mailbox_maps": "static:recipient/", "virtual_uid_maps": f"static:{owner.pw_uid}",
                "virtual_gid_maps": f"static:{owner.pw_gid}", "virtual_minimum_uid": 1,
                "virtual_destination_concurrency_limit": CONNECTIONS})
        (conf / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
        services = [f"127.0.0.1:{self.port} inet n - n - - smtpd", "postlog unix-dgram n - n - 1 postlogd"]
        for service, kind, private, wakeup, limit, program in (
                ("pickup", "unix", "n", "60", "1", "pickup"), ("cleanup", "unix", "n", "-", "0", "cleanup"),
                ("qmgr", "unix", "n", "300", "1", "qmgr"), ("tlsmgr", "unix", "-", "1000?", "1", "tlsmgr"),
                ("rewrite", "unix", "-", "-", "-", "trivial-rewrite"), ("bounce", "unix", "-", "-", "0", "bounce"),
                ("defer", "unix", "-", "-", "0", "bounce"), ("trace", "unix", "-", "-", "0", "bounce"),
                ("verify", "unix", "-", "-", "1", "verify"), ("flush", "unix", "n", "1000?", "0", "flush"),
                ("proxymap", "unix", "-", "-", "-", "proxymap"), ("smtp", "unix", "-", "-", "-", "smtp"),
                ("relay", "unix", "-", "-", "-", "smtp"), ("showq", "unix", "n", "-", "-", "showq"),
                ("error", "unix", "-", "-", "-", "error"), ("retry", "unix", "-", "-", "-", "error"),
                ("discard", "unix", "-", "-", "-", "discard"), ("virtual", "unix", "-", "-", "-", "virtual"),
                ("local", "unix", "-", "-", "-", "local"),
                ("anvil", "unix", "-", "-", "1", "anvil"), ("scache", "unix", "-", "-", "1", "scache")):
            rights = "n" if program in ("virtual", "local") else "-"  # these take on the owner of the mailbox
            services.append(f"{service} {kind} {private} {rights} n {wakeup} {limit} {program}")
        (conf / "master.cf").write_text("\n".join(services) + "\n")
        self.make_queue()
        return ["env", f"LD_LIBRARY_PATH={libraries}", str(tree / "usr/lib/postfix/sbin/master"), "-c", str(conf), "-d"]

    def make_queue(self):
        """The folders that `postfix start` would make, with their owners."""
        spool = self.folder / "spool"
        for name in "active bounce corrupt defer deferred flush hold incoming private saved trace".split():
            (spool / name).mkdir(mode=0o700)
            shutil.chown(spool / name, self.OWNER)
        for name, mode in (("maildrop", 0o730), ("public", 0o710)):
            (spool / name).mkdir()
            shutil.chown(spool / name, self.OWNER, self.GROUP)
            (spool / name).chmod(mode)
        (spool / "pid").mkdir(mode=0o755)
        shutil.chown(self.folder / "data", self.OWNER)
        (self.folder / "data").chmod(0o700)


class Smtpgate(Server):
    """The gateway as it was built, with lmn and the embedded spool."""

    name = "smtpgate"

    def __init__(self, folder, sink_port, way, build, sessions, vendor="lmn", more=""):
        super().__init__(folder, sink_port, way)
        self.build = pathlib.Path(build)
        self.vendor, self.more = vendor, more  # more: sections of the ini file
        self.sessions = sessions

    def kept(self):
        return self.status()["spool"]["states"]["held"]

    def status(self):
        done = subprocess.run([self.build / "smtpgate", "status", "--json", "--config", self.folder / "ini"],
                              capture_output=True, check=True, timeout=60)
        return json.loads(done.stdout)

    def prepare(self):
        folder = self.folder
        (folder / "ini").write_text(f"""[gateway]
hostname = gateway.example
spool = {folder}/spool
plugin_dir = {self.build}/plugins/{self.vendor}/.libs
vendor = {self.vendor}

[log]
to = file:{folder}/log

[listen bench]
address = 127.0.0.1:{self.port}
max_connections = {self.sessions + 100}
max_connections_client = {self.sessions + 100}

[route all]
{"do = hold" if self.way == "hold" else f"smart_host = 127.0.0.1:{self.sink_port}"}
max_connections = {CONNECTIONS}
{self.mailboxes()}{self.more}
""")
        return [str(self.build / "smtpgate"), "run", "--config", str(folder / "ini")]

    def mailboxes(self):
        if self.way != "maildir":
            return ""
        (self.folder / "mail").mkdir()
        return f"\n[postoffice BENCH/HQ]\ndomain = sink.example\npath = {self.folder}/mail\nmailboxes = any\n"
