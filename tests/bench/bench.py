#!/usr/bin/env python3
"""smtpgate beside Postfix on this machine, by turns: medians, and medians of the ratios of each round.

bench.py --build FOLDER [--rounds N] [--messages N] [--vendors lmn,xln] [--match TEXT] [--svg FILE] [--markdown] [--list]

The cases and what is aimed at are in cases.py. In each round each case is run by every server, one right after the other, the
order turned from round to round; a ratio is of the two runs of one round, so that a machine that is busy with something
else is busy for both. Needs root, as Postfix does.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

from cases import CASES, measure
from plot import svg
from servers import Postfix, Smtpgate


class Runs:
    """Values of each case, server and round."""

    def __init__(self, cases, vendors):
        self.cases, self.vendors, self.values = cases, vendors, {}

    def add(self, case, server, value):
        self.values.setdefault((case.name, server), []).append(value)

    def median(self, case, server):
        return statistics.median(self.values[case.name, server])

    def ratio(self, case, vendor):
        pairs = zip(self.values[case.name, vendor], self.values[case.name, "postfix"])
        return statistics.median(ours / max(theirs, 1e-9) for ours, theirs in pairs)

    def verdict(self, case, vendor):
        if not case.target:
            return ""
        ratio = self.ratio(case, vendor)
        return "yes" if (ratio <= case.target if case.less else ratio >= case.target) else "no"

    def rows(self):
        """Cells of the table, its head first."""
        head = ["", "unit", "postfix", "target"]
        for vendor in self.vendors:
            head += [vendor, "ratio", "reached"]
        yield head
        for case in self.cases:
            target = "" if not case.target else f"<= 1/{1 / case.target:.0f}" if case.less else f">= {case.target:g} x"
            cells = [case.name, case.unit, f"{self.median(case, 'postfix'):.1f}", target]
            for vendor in self.vendors:
                ratio = self.ratio(case, vendor)
                cells += [f"{self.median(case, vendor):.1f}", f"{ratio:{'.2f' if ratio >= 0.01 else '.1g'}}", self.verdict(case, vendor)]
            yield cells

    def plot(self, title):
        rows = []
        for case in self.cases:
            ratios = {v: self.ratio(case, v) for v in self.vendors}
            if case.less:
                ratios = {v: 1 / max(r, 1e-9) for v, r in ratios.items()}
            rows.append((case.name, 1 / case.target if case.less and case.target else case.target, ratios))
        return svg(title, rows, self.vendors)


def print_table(rows, markdown):
    rows = list(rows)
    if markdown:
        rows.insert(1, ["---"] + ["---:"] * (len(rows[0]) - 1))
        print("\n".join("| " + " | ".join(row) + " |" for row in rows))
        return
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print(row[0].ljust(widths[0]) + "".join("  " + cell.rjust(width) for cell, width in zip(row[1:], widths[1:])))


def empty(folder):
    """Gives its room back, but no file goes: ext4 without a journal looks at each inode that was freed within the last minutes
    whenever it makes a file, which half of all files later is most of what a run takes. All go at the end."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.truncate(path, 0)


def spread(folder):
    """Has ext4 lay each run's folder into a part of the disk of its own (chattr(1), T): else a run pays for each file that the
    one before it removed, and the removals of Postfix fall on whoever comes next."""
    subprocess.run(["chattr", "+T", folder], stderr=subprocess.DEVNULL, check=False)  # other file systems have no such flag


def run(runs, args, build, folder, note):
    servers = [("postfix", Postfix, {})] + [(v, Smtpgate, {"vendor": v}) for v in runs.vendors]
    for number in range(args.rounds):
        for case in runs.cases:
            for name, server, more in servers if number % 2 else servers[::-1]:
                note(f"{number + 1}/{args.rounds} {name}: {case.name}")
                work = folder / f"{name}{len(list(folder.iterdir()))}"

                def make(work=work, server=server, more=more, **given):
                    return server(work, build=build, **given, **more)

                runs.add(case, name, measure(case, make, build, args.messages))
                empty(work)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--messages", type=int, default=5000, help="a run; cases of large messages take a part of it")
    parser.add_argument("--vendors", default="lmn,xln")
    parser.add_argument("--match", default="", help="only cases with this text in their name")
    parser.add_argument("--svg", type=pathlib.Path)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    cases = [c for c in CASES if args.match in c.name]
    if args.list:
        print("\n".join(c.name for c in cases))
        return 0
    if not cases:
        parser.error(f"no case has {args.match} in its name: --list shows them")
    if os.geteuid() != 0:
        print("bench.py: needs root: a private Postfix is started by root", file=sys.stderr)
        return 77
    build = args.build.resolve()
    subprocess.run([pathlib.Path(__file__).resolve().parents[1] / "peers/get.sh", "postfix", build / "peers"], check=True)

    def note(text):
        if sys.stderr.isatty():
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)

    runs = Runs(cases, args.vendors.split(","))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench.", dir=build))
    folder.chmod(0o755)
    spread(folder)
    try:
        run(runs, args, build, folder, note)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        note("")
    title = f"smtpgate beside Postfix: {args.rounds} rounds of {args.messages} messages, {os.cpu_count()} processors, medians"
    print(title)
    print_table(runs.rows(), args.markdown)
    if args.svg:
        args.svg.write_text(runs.plot(title))
    return 0


if __name__ == "__main__":
    sys.exit(main())
