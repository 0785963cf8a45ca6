#!/usr/bin/env python3
"""smtpgate beside Postfix on this machine: throughput, processor time and memory, by turns, as medians of ratios.

bench.py --build FOLDER [--rounds N] [--messages N] [--size BYTES] [--only postfix|smtpgate]

  accepted      messages a second taken over 20 and 100 sessions, kept on disk and held
  end to end    messages a second taken and handed on to a sink, until the sink has the last one
  cpu           processor milliseconds a thousand messages, end to end
  idle          KiB that a session costs which has said EHLO and waits

Each round runs both, one right after the other; the ratio is smtpgate / postfix of that round. Needs root, as Postfix does.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from load import Sink, idle_sessions, source
from servers import Postfix, Smtpgate, free_port

SESSIONS = (20, 100)
IDLE = 100


def measure_accepted(make, build, args, sessions):
    with make(sink_port=free_port(), hold=True, sessions=sessions) as server:
        took = source(build, server.port, sessions, args.messages, args.size)
        if server.kept() != args.messages:
            raise RuntimeError(f"{server.name} took {args.messages} messages and has {server.kept()}")
        return args.messages / took


def measure_through(make, build, args, sessions):
    """Messages a second and processor milliseconds a thousand messages."""
    with Sink(build, free_port()) as sink, make(sink_port=sink.port, hold=False, sessions=sessions) as server:
        cpu, began = server.cpu_s(), time.monotonic()
        source(build, server.port, sessions, args.messages, args.size)
        sink.wait_for(args.messages)
        took = time.monotonic() - began
        return args.messages / took, (server.cpu_s() - cpu) * 1e6 / args.messages


def measure_idle(make):
    with make(sink_port=free_port(), hold=True, sessions=IDLE) as server:
        first = idle_sessions(server.port, 1)  # what is paid once is not a session's
        before = server.memory_kib()
        rest = idle_sessions(server.port, IDLE)
        after = server.memory_kib()
        for s in first + rest:
            s.close()
        return (after - before) / IDLE


def measure(server_class, build, args, folder, note):
    """One round of one server: {name of row: value}."""
    rows = {}

    def make(**given):
        work = folder / f"{server_class.name}{len(list(folder.iterdir()))}"
        return server_class(work, build=build, **given)

    for sessions in SESSIONS:
        note(f"{server_class.name}: accepted, {sessions} sessions")
        rows[f"accepted/s, {sessions} sessions"] = measure_accepted(make, build, args, sessions)
        note(f"{server_class.name}: end to end, {sessions} sessions")
        rate, cpu = measure_through(make, build, args, sessions)
        rows[f"end to end/s, {sessions} sessions"] = rate
        rows[f"cpu ms/1000, {sessions} sessions"] = cpu
    note(f"{server_class.name}: idle sessions")
    rows["idle KiB/session"] = measure_idle(make)
    return rows


def table(rounds):
    """Medians of each, and of the ratios of each round."""
    names = [name for name in ("smtpgate", "postfix") if name in rounds[0]]
    print(f"{'':28}" + "".join(f"{name:>12}" for name in names) + (f"{'ratio':>10}" if len(names) == 2 else ""))
    for row in rounds[0][names[0]]:
        line = f"{row:28}" + "".join(f"{statistics.median(r[name][row] for r in rounds):12.1f}" for name in names)
        if len(names) == 2:
            line += f"{statistics.median(r['smtpgate'][row] / max(r['postfix'][row], 1e-9) for r in rounds):10.2f}"
        print(line)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--messages", type=int, default=5000, help="a run")
    parser.add_argument("--size", type=int, default=4096, help="bytes of a message")
    parser.add_argument("--only", choices=["postfix", "smtpgate"])
    args = parser.parse_args()
    if os.geteuid() != 0:
        print("bench.py: needs root: a private Postfix is started by root", file=sys.stderr)
        return 77
    build = args.build.resolve()
    subprocess.run([pathlib.Path(__file__).resolve().parents[1] / "peers/get.sh", "postfix", build / "peers"], check=True)
    servers = [s for s in (Smtpgate, Postfix) if args.only in (None, s.name)]

    def note(text):
        if sys.stderr.isatty():
            print(f"\r\033[K{len(rounds) + 1}/{args.rounds} {text}", end="", file=sys.stderr, flush=True)

    rounds = []
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench.", dir=build))
    folder.chmod(0o755)
    try:
        for number in range(args.rounds):
            turn = servers if number % 2 else servers[::-1]
            rounds.append({s.name: measure(s, build, args, folder, note) for s in turn})
            shutil.rmtree(folder)
            folder.mkdir()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)
    print(f"{args.rounds} rounds of {args.messages} messages of {args.size} bytes, {os.cpu_count()} processors: medians")
    table(rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
