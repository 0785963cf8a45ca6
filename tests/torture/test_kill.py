"""kill -9 under load: nothing that was answered 250 is lost. The long run is `make torture`."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "system"))
import harness  # noqa: E402
import kill  # noqa: E402

KILLS = 30


class Kill(harness.Case):
    def test_nothing_is_lost(self):
        report = kill.torture(KILLS, sessions=4)
        print(report.line(), file=sys.stderr)
        self.assertEqual(report.faults, [])
        self.assertEqual(report.kills, KILLS)
        self.assertGreaterEqual(report.answered, KILLS)
        self.assertGreaterEqual(report.looks, KILLS)

    def test_an_answer_before_the_commit_is_found(self):
        for _ in range(10):  # a kill may find all of them stored
            report = kill.torture(3, early=True)
            if report.faults:
                break
        self.assertRegex(" ".join(report.faults), "was answered 250 and is not at the")


if __name__ == "__main__":
    harness.main()
