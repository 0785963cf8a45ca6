#!/usr/bin/env python3
"""`make bench` works: a few small runs of each server, a table that names what was asked for, a plot that is XML.

Numbers are not judged: they depend on what else the machine does.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

BUILD = pathlib.Path(os.environ.get("SMTPGATE_BUILD", "build")).resolve()
BENCH = pathlib.Path(__file__).resolve().parent / "bench.py"


def bench(*args):
    return subprocess.run([sys.executable, "-B", BENCH, "--build", BUILD, *args], capture_output=True, text=True, timeout=500)


def check_table(done, cases, vendors):
    lines = done.stdout.splitlines()
    assert len(lines) == 2 + len(cases), done.stdout
    assert all(vendor in lines[1] for vendor in ["postfix", *vendors]), lines[1]
    for case, line in zip(cases, lines[2:]):
        assert line.startswith(case), (case, line)
        numbers = [float(word) for word in line[len(case):].split() if word.replace(".", "").isdigit()]
        assert numbers and min(numbers[1:]) > 0, line


def main():
    listed = bench("--list").stdout.splitlines()
    assert len(listed) > 10, listed
    wrong = bench("--match", "no such case")
    assert wrong.returncode == 2 and "--list" in wrong.stderr, wrong.stderr
    if os.geteuid() != 0:
        print("skipped: a private Postfix is started by root")
        return 77
    vendors = ["lmn"] + (["xln"] if (BUILD / "plugins/xln/.libs/xln.so").exists() else [])
    match = "20 sessions"
    with tempfile.TemporaryDirectory(prefix="smtpgate-bench.") as folder:
        plot = pathlib.Path(folder, "plot.svg")
        done = bench("--rounds", "1", "--messages", "20", "--match", match, "--vendors", ",".join(vendors), "--svg", plot)
        assert done.returncode == 0, done.stdout + done.stderr
        check_table(done, [name for name in listed if match in name], vendors)
        assert xml.etree.ElementTree.parse(plot).getroot().tag.endswith("svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
