#!/usr/bin/env python3
"""`make bench-scale`: what the gateway costs when much is there: idle sessions, messages that wait, dead destinations, a large
message. Each is a curve (a table, and a plot as SVG). Memory is what the process holds itself (RssAnon); the cost of a message is the
CPU time of the process, which a machine that does other things changes less than messages a second.

Waiting messages are put into the spool's database as rows, copies of one that the gateway took: to send a million of them by SMTP
would measure the sender. What sends is smtp-source, which is unpacked under the build folder.
"""
import argparse
import contextlib
import os
import pathlib
import resource
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent / "system")]
import curve  # noqa: E402
import load  # noqa: E402
import names  # noqa: E402

HOLD = "[route hold]\nmatch = *\ndo = hold\n"
MANY = "max_connections = 30000\nmax_connections_client = 30000\n"
MEMORY = "memory_max = 4G\n"
TICK = os.sysconf("SC_CLK_TCK")


class Program:
    """A gateway of the harness, with what is measured of its process."""

    def __init__(self, harness, **settings):
        self.g = harness.Gateway(**settings)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.g.close()
        return False

    def start(self):
        began = time.monotonic()
        self.g.start()
        return time.monotonic() - began

    def memory(self):
        with open(f"/proc/{self.g.process.pid}/status") as f:
            return next(int(line.split()[1]) << 10 for line in f if line.startswith("RssAnon"))

    def cpu(self):
        with open(f"/proc/{self.g.process.pid}/stat") as f:
            fields = f.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def pump(self, build, messages, sessions=4):
        """Messages a second, and CPU ms of the gateway for each."""
        before = self.cpu()
        seconds = load.source(build, self.g.port, sessions, messages, 4096)
        return messages / seconds, (self.cpu() - before) * 1000 / messages


def idle(args, harness, secure):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def session(port):
        s = socket.create_connection(("127.0.0.1", port))
        for line in [b"EHLO idle.test\r\n"] + ([b"STARTTLS\r\n"] if secure else []):
            s.recv(4096)
            s.sendall(line)
        s.recv(4096)
        if secure:
            s = context.wrap_socket(s)
            s.sendall(b"EHLO idle.test\r\n")
            s.recv(4096)
        return s

    rows = []
    tls = "tls = offered\ncertificate = auto\n" if secure else ""
    with Program(harness, ini=HOLD, listen=MANY + tls, gateway=MEMORY) as p:
        p.pump(args.build, args.messages)  # what is made once
        sessions, first = [], p.memory()
        for count in [0] + args.idle:
            while len(sessions) < count:
                sessions.append(session(p.g.port))
            kib = (p.memory() - first) / 1024 / count if count else 0
            rate, cost = p.pump(args.build, args.messages)
            rows.append((count, kib, rate, cost))
        for s in sessions:
            s.close()
    name = "idle sessions, " + ("TLS" if secure else "no TLS")
    return curve.Curve(name, "sessions", ["KiB each", "messages/s", "CPU ms a message"], rows)


def copies(spool, count):
    """Until so many wait, makes copies of the first message, which does: the rows that the gateway itself would have written, but for the history's chain."""
    db = sqlite3.connect(os.path.join(spool, "spool.db"), isolation_level=None)
    last, waiting = db.execute("SELECT last, messages_waiting FROM totals").fetchone()
    more = count - waiting
    db.execute("PRAGMA synchronous = OFF")
    db.execute("BEGIN")
    for table, key in ("message", "number"), ("rcpt", "message"), ("body", "message"):
        columns = [c[1] for c in db.execute(f"PRAGMA table_info({table})") if c[1] != key]
        names = ", ".join(columns)
        db.execute(f"WITH RECURSIVE n(i) AS (SELECT {last + 1} UNION ALL SELECT i + 1 FROM n WHERE i < {last + more})"
                   f" INSERT INTO {table} ({key}, {names}) SELECT i, {names} FROM n, {table} WHERE {key} = 1")
    db.execute(f"UPDATE totals SET last = last + {more}, accepted = accepted + {more}, waiting = waiting + {more},"
               f" messages_waiting = messages_waiting + {more},"
               f" bytes = bytes + {more} * (SELECT size FROM message WHERE number = 1)")
    db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def queue(args, harness):
    """Messages that wait for a server that is down; what is sent meanwhile is held, so that its cost is that of being taken."""
    closed = harness.free_port()
    ini = (f"[queue]\nretry = 1d\n[route down]\nmatch = down.test\nsmart_host = 127.0.0.1:{closed}\n" + HOLD)
    rows = []
    with Program(harness, ini=ini, listen=MANY, gateway=MEMORY) as p:
        assert p.g.send(b"Subject: waits\r\n\r\n" + b"0123456789abcde\r\n" * 200, to=["you@down.test"])[0] == 250
        harness.wait_for("it waits", lambda: p.g.queue()[0]["first"]["attempts"] == 1)
        first = None
        for count in [1] + args.queue:
            p.g.stop()
            if count > 1:
                copies(p.g.spool, count)
            seconds = p.start()
            harness.wait_for("it knows them", lambda: p.g.json("status")["spool"]["messages_waiting"] >= count)
            p.pump(args.build, args.messages)
            rate, cost = p.pump(args.build, args.messages)
            memory = p.memory()
            first = first or memory
            rows.append((count, seconds, (memory - first) / count if count > 1 else 0, rate, cost))
    return curve.Curve("messages that wait", "messages", ["start s", "bytes each", "messages/s", "CPU ms a message"], rows)


class Hole:
    """Lets nobody in: its backlog is full, so whoever comes waits. Use as a context."""

    def __init__(self, host="127.0.0.1", port=0):
        self.socket = socket.socket()
        self.socket.bind((host, port))
        self.socket.listen(0)
        self.port = self.socket.getsockname()[1]
        self.plugs = [socket.socket() for _ in range(4)]
        for s in self.plugs:
            s.setblocking(False)
            s.connect_ex(self.socket.getsockname())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for s in [self.socket, *self.plugs]:
            s.close()


def pour(client, count):
    """One message for each destination, over one session."""
    with client as c:
        for i in range(count):
            assert c.send(b"Subject: x\r\n\r\nx\r\n", [f"you@d{i}.test"])[0] == 250


DEAD_COLUMNS = ["s, all live", "s, half dead", "MiB, half dead"]


def dead(args, harness):
    """Half of the destinations let nobody in: their connections never come to be. Seconds until the others have their mail."""
    rows = []
    for count in args.destinations:
        times = []
        for is_dead in False, True:
            live, other, hole = harness.Sink(keep=lambda data: b""), harness.Sink(keep=lambda data: b""), Hole()
            ports = [live.port, hole.port if is_dead else other.port]
            ini = "".join(f"[route d{i}]\nmatch = d{i}.test\ntls = off\nsmart_host = 127.0.0.1:{ports[i % 2]}\n"
                          for i in range(count))
            with hole, Program(harness, ini=ini, listen=MANY, gateway=MEMORY) as p:
                began = time.monotonic()
                pour(p.g.smtp(), count)
                harness.wait_for("the live half has it", lambda: live.count() == (count + 1) // 2, limit=600)
                times.append(time.monotonic() - began)
                memory = p.memory() / 1048576
            live.close()
            other.close()
        rows.append((count, *times, memory))
    return curve.Curve("destinations, half of them dead", "destinations", DEAD_COLUMNS, rows)


HOSTS = {"live.test": "127.0.0.3", "other.test": "127.0.0.4"}  # of the domains d0, d2 ... and d1, d3 ...


def by_mx(args, harness, count, is_dead):
    """Seconds until the half at live.test has its mail, MiB. All of it in a network namespace: port 25 is fixed."""
    table = {(name, names.A): [host] for name, host in HOSTS.items()}
    table.update({(f"d{i}.test", names.MX): [(10, list(HOSTS)[i % 2])] for i in range(count)})
    live, other = HOSTS.values()
    with contextlib.ExitStack() as stack:
        space = stack.enter_context(contextlib.closing(harness.Space()))

        def inside(make):
            return space.enter(lambda: stack.enter_context(make()))
        sink = inside(lambda: load.Sink(args.build, 25, live))
        inside(lambda: Hole(other, 25) if is_dead else load.Sink(args.build, 25, other))
        server = inside(lambda: contextlib.closing(names.Names(table)))
        p = Program(harness, ini="[route out]\nmatch = *\nsmart_host = mx\ntls = off\n", host="127.0.0.2",
                    vendor=f"[vendor lmn]\nname_server = 127.0.0.1:{server.port}\n", listen=MANY, gateway=MEMORY)
        inside(lambda: p)
        began = time.monotonic()
        pour(space.enter(p.g.smtp), count)
        sink.wait_for((count + 1) // 2)
        return time.monotonic() - began, p.memory() / 1048576


def dead_mx(args, harness):
    """The same of domains behind one route, each found by its MX."""
    rows = []
    for count in args.domains:
        (seconds, _), with_dead = (by_mx(args, harness, count, is_dead) for is_dead in (False, True))
        rows.append((count, seconds, *with_dead))
    return curve.Curve("domains behind one route, half of them dead", "domains", DEAD_COLUMNS, rows)


def large(args, harness):
    """One message: the most memory the process ever had while it was taken and delivered into a mailbox."""
    rows = []
    for mib in args.large:
        with Program(harness, gateway="max_size = 1G\n", listen="max_size = 1G\n") as p:
            assert p.g.send(b"Subject: first\r\n\r\nx\r\n")[0] == 250
            most, over = [p.memory()], threading.Event()
            first = most[0]

            def look():
                while not over.wait(0.01):
                    most[0] = max(most[0], p.memory())
            watcher = threading.Thread(target=look)
            watcher.start()
            data = b"Subject: large\r\n\r\n" + (b"0123456789abcdef" * 4)[:62] + b"\r\n"
            assert p.g.send(data + (b"x" * 62 + b"\r\n") * (mib << 14))[0] == 250
            harness.wait_for("it arrives", lambda: p.g.count() == 2, limit=600)
            over.set()
            watcher.join()
            rows.append((mib, (most[0] - first) / 1048576))
    return curve.Curve("one large message", "MiB", ["MiB of memory more"], rows)


CASES = {
    "idle": lambda args, h: idle(args, h, False),
    "idle-tls": lambda args, h: idle(args, h, True),
    "queue": queue,
    "dead": dead,
    "dead-mx": dead_mx,
    "large": large,
}


def numbers(text):
    return [int(word) for word in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    parser.add_argument("--svg", type=pathlib.Path)
    parser.add_argument("--cases", default=",".join(CASES), help="some of " + ", ".join(CASES))
    parser.add_argument("--messages", type=int, default=5000, help="sent at each point")
    parser.add_argument("--idle", type=numbers, default=[1000, 2500, 5000, 10000])
    parser.add_argument("--queue", type=numbers, default=[10000, 100000, 300000, 1000000])
    parser.add_argument("--destinations", type=numbers, default=[100, 1000, 3000])
    parser.add_argument("--domains", type=numbers, default=[100, 1000, 10000])
    parser.add_argument("--large", type=numbers, default=[1, 10, 50, 100])
    args = parser.parse_args()
    unknown = set(args.cases.split(",")) - set(CASES)
    if unknown:
        parser.error("there is no case " + ", ".join(sorted(unknown)))
    os.environ["SMTPGATE_BUILD"] = str(args.build.resolve())
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    subprocess.run([HERE.parent / "peers/get.sh", "postfix", args.build / "peers"], check=True)  # smtp-source
    import harness  # it looks for the build when it is loaded
    curves = []
    for name in args.cases.split(","):
        if name == "dead-mx" and os.geteuid() != 0:
            print("dead-mx is left out: it needs root, for a network namespace with a port 25", file=sys.stderr)
            continue
        if sys.stderr.isatty():
            print(f"{name} ...", file=sys.stderr)
        curves.append(CASES[name](args, harness))
        print(curves[-1].table(), flush=True)
    if args.svg:
        args.svg.write_text(curve.svg(curves))


if __name__ == "__main__":
    main()
