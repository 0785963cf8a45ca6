#!/usr/bin/env python3
"""One tiny round of `make bench-transports`, of every module that is built: it runs, and each row of the table has its numbers. How
large they are is not asked."""
import contextlib
import io
import os
import unittest

import transports
from transports import harness


class Bench(harness.Case):
    def test_a_tiny_round(self):
        if os.geteuid() != 0:
            self.skipTest("namespaces are root's to make")
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            status = transports.main(["--rounds", "1", "--ms", "20", "--bulk", "0.5"])
        if status == 77:
            self.skipTest(out.getvalue())
        self.assertEqual(status, 0, out.getvalue())
        rows = {tuple(line.split()[:2]): line.split()[2:] for line in out.getvalue().splitlines()[2:]}
        for code in filter(transports.module_of, transports.CODES):
            for kind in ("module", "bare", "ratio"):
                self.assertEqual(len(rows[code, kind]), len(transports.CASES), out.getvalue())
            self.assertTrue(all(float(v) > 0 for v in rows[code, "ratio"]), out.getvalue())

    def test_ratios_are_medians_of_rounds(self):
        found = {("lmn", case): [(8, 10), (30, 10), (9, 10)] for case in transports.CASES}
        rows = list(transports.table(["lmn"], found))
        self.assertEqual(rows[1].split(), ["lmn", "module"] + ["9"] * 5)
        self.assertEqual(rows[3].split(), ["lmn", "ratio"] + ["0.90"] * 5)
        rows = list(transports.table(["lmn"], {key: [(15, 10733)] for key in found}))
        self.assertEqual(rows[3].split(), ["lmn", "ratio"] + ["0.001"] * 5)


if __name__ == "__main__":
    harness.main()
