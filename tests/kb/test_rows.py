"""The table of doc/microsoft-mail.md and the tests of this folder name the same articles: no fault is claimed to be mended without a test."""

import glob
import os
import re
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TEST = re.compile(r"(?m)^\s*def test_((?:Q\d+_)+)|^START_TEST\(((?:Q\d+_)+)")


def articles(text):
    return set(re.findall(r"Q\d+", text))


class Rows(unittest.TestCase):
    def setUp(self):
        with open(os.path.join(HERE, "../../doc/microsoft-mail.md")) as f:
            part = f.read().split("\n## The faults of the original\n")[1].split("\n## ")[0]
        self.rows = self.of_table(part)
        self.tests = []
        for path in glob.glob(os.path.join(HERE, "test_*")):
            with open(path) as f:
                self.tests += [articles(one or other) for one, other in TEST.findall(f.read())]

    def of_table(self, text):
        return [articles(line.split("|")[1]) for line in text.splitlines() if line.startswith("| Q")]

    def test_of_every_row_a_fault_was_planted(self):
        """The files that it was planted in are there."""
        with open(os.path.join(HERE, "planted.md")) as f:
            text = f.read()
        self.assertEqual(self.of_table(text), self.rows)
        for line in text.splitlines():
            if line.startswith("| Q"):
                folder = None
                for path in re.findall(r"`([\w/]+\.c)`", line):
                    folder = os.path.dirname(path) or folder
                    self.assertTrue(os.path.exists(os.path.join(HERE, "../..", folder, os.path.basename(path))), (line, path))

    def test_every_article_of_the_table_has_a_test(self):
        self.assertGreater(len(self.rows), 30)
        tested = set().union(*self.tests)
        for row in self.rows:
            self.assertEqual(row - tested, set())

    def test_every_test_stands_in_the_table(self):
        told = set().union(*self.rows)
        for test in self.tests:
            self.assertEqual(test - told, set())

    def test_no_article_has_two_rows(self):
        self.assertEqual(sum(map(len, self.rows)), len(set().union(*self.rows)))


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=2).result
    print("100%%: Checks: %d, Failures: %d, Errors: %d" % (result.testsRun, len(result.failures), len(result.errors)))
    raise SystemExit(0 if result.wasSuccessful() else 1)
