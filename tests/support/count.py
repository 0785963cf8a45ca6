#!/usr/bin/env python3
"""Adds up what `make check` left behind.

count.py [--tails] [--slowest N] FOLDER...

Reads every NAME.trs (automake's verdict) and NAME.log below the folders. A Check program counts what its lines
`Checks: N, Failures: N, Errors: N` say, and what it left out its line `Skipped: N`; any other test program counts as one. A program that failed without a failure in
those lines (it crashed, leaked, or was ended) counts as one more failure. Prints the slowest programs, with --tails the
end of each failing log, and last the line `N passed, N failed, N skipped`. Exits 1 when any failed, when nothing ran, or
when root was refused something: as root nothing may be skipped.
"""
import argparse
import os
import pathlib
import re
import sys

CHECK_LINE = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)$", re.M)
SKIP_LINE = re.compile(r"^Skipped: (\d+)$", re.M)
TIME_LINE = re.compile(r"^Time: (\d+) ms$", re.M)
VERDICT = re.compile(r"^:test-result: (\w+)", re.M)
TAIL_LINES = 40


class Program:
    """One test program's verdict, counts and time."""

    def __init__(self, trs, root):
        log = trs.with_suffix(".log")
        self.name = f"{root.resolve().name}/{trs.relative_to(root).with_suffix('')}"
        self.text = log.read_text(errors="replace") if log.exists() else ""
        verdict = VERDICT.search(trs.read_text(errors="replace"))
        self.verdict = verdict[1] if verdict else "ERROR"
        times = TIME_LINE.findall(self.text)
        self.ms = int(times[-1]) if times else 0
        self.passed = self.failed = self.skipped = 0
        self.count()

    def count(self):
        for run, failures, errors in CHECK_LINE.findall(self.text):
            bad = int(failures) + int(errors)
            self.failed += bad
            self.passed += int(run) - bad
        self.skipped = sum(map(int, SKIP_LINE.findall(self.text)))
        good = self.verdict in ("PASS", "XFAIL")
        if self.verdict == "SKIP":
            self.skipped = self.skipped or 1
        elif good and not self.passed and not self.skipped:
            self.passed = 1
        elif not good and not self.failed:
            self.failed = 1


def tail(program):
    lines = program.text.rstrip().splitlines()[-TAIL_LINES:]
    print(f"---- {program.name}: {program.verdict}", *lines, sep="\n  ")


def main():
    parser = argparse.ArgumentParser(description="add up the results of make check")
    parser.add_argument("--tails", action="store_true", help="show the end of each failing log")
    parser.add_argument("--slowest", type=int, default=10, metavar="N")
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    args = parser.parse_args()

    programs = [Program(trs, root) for root in args.folders for trs in sorted(root.rglob("*.trs"))]
    passed, failed, skipped = (sum(getattr(p, what) for p in programs) for what in ("passed", "failed", "skipped"))

    for p in programs:
        if args.tails and p.failed:
            tail(p)
        elif p.skipped:
            tail(p)
    slow = sorted((p for p in programs if p.ms), key=lambda p: -p.ms)[:args.slowest]
    if slow:
        print(f"slowest of {len(programs)} test programs:")
        for p in slow:
            print(f"{p.ms / 1000:8.1f} s  {p.name}")
    if skipped and os.geteuid() == 0:
        print("as root nothing may be skipped")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not programs or (skipped and os.geteuid() == 0) else 0


if __name__ == "__main__":
    sys.exit(main())
