#!/usr/bin/env python3
"""`make bench-scale` works: a point or two of each curve, a table that has them, a plot that is XML. Numbers are not judged."""
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

BUILD = pathlib.Path(os.environ.get("SMTPGATE_BUILD", "build")).resolve()
SCALE = pathlib.Path(__file__).resolve().parent / "scale.py"


def scale(*args):
    return subprocess.run([sys.executable, "-B", SCALE, "--build", BUILD, *args], capture_output=True, text=True, timeout=500)


def main():
    wrong = scale("--cases", "idle,what")
    assert wrong.returncode == 2 and "what" in wrong.stderr, wrong.stderr
    with tempfile.TemporaryDirectory() as folder:
        plot = pathlib.Path(folder, "scale.svg")
        done = scale("--svg", plot, "--messages", "100", "--idle", "20,40", "--queue", "50,500", "--destinations", "6",
                     "--domains", "10", "--large", "1,2")
        assert done.returncode == 0, done.stderr
        shapes = [e.tag.rpartition("}")[2] for e in xml.etree.ElementTree.parse(plot).iter()]
    points = [line.split()[0] for line in done.stdout.splitlines() if line.split() and line.split()[0].isdigit()]
    is_root = os.geteuid() == 0  # else one case is left out
    assert ("left out" in done.stderr) != is_root, done.stderr
    assert points == ["0", "20", "40", "0", "20", "40", "1", "50", "500", "6", *(["10"] if is_root else []), "1", "2"], done.stdout
    assert shapes.count("polyline") == 3 + 3 + 4 + 3 + (3 if is_root else 0) + 1, shapes
    return 0


if __name__ == "__main__":
    sys.exit(main())
