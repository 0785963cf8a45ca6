#!/usr/bin/env python3
"""history: what has left, as a table, as JSON, as CSV, and one message's story."""

import csv
import io
import json

import testbed
from testbed import wait_for


class History(testbed.Case):
    def setUp(self):
        self.g = self.gateway().start()
        self.assertEqual(self.g.send(b"Subject: x\r\n\r\nx\r\n", to=("jdoe@example.test", "x@elsewhere.test"))[0], 250)
        self.assertEqual(self.g.send(b"Subject: x\r\n\r\nx\r\n", sender='"a,b"@client.test')[0], 250)
        wait_for("both are delivered", lambda: self.g.count() == 2)
        wait_for("both are written", lambda: self.g.command("history").stdout.count("250 2.1.5") == 1
                 and "m1 " in self.g.command("history").stdout)

    def tearDown(self):
        self.g.stop()

    def test_table_and_filters(self):
        self.check(self.g.command("history"), 0, out=["m1 ", "m2 ", "1 delivered", "1 held", "no route", "250 2.1.5"])
        self.assertNotIn("m1 ", self.check(self.g.command("history", "--from", '"a,b"@client.test'), 0).stdout)
        self.check(self.g.command("history", "--since", "1h", "--client", "127.0.0.1"), 0, out="m1 ")
        self.assertNotIn("m1", self.check(self.g.command("history", "--until", "yesterday"), 0).stdout)
        self.assertNotIn("m1", self.check(self.g.command("history", "--client", "192.0.2.1"), 0).stdout)

    def test_json(self):
        lines = self.check(self.g.command("history", "--json"), 0).stdout.splitlines()
        self.assertEqual([json.loads(line)["id"] for line in lines], ["m1", "m2"])

    def test_csv(self):
        rows = list(csv.DictReader(io.StringIO(self.check(self.g.command("history", "--csv"), 0).stdout)))
        self.assertEqual([(r["id"], r["to"], r["state"]) for r in rows],
                         [("m1", "jdoe@example.test", "delivered"), ("m1", "x@elsewhere.test", "held"),
                          ("m2", "jdoe@example.test", "delivered")])
        self.assertEqual(rows[2]["from"], '"a,b"@client.test')

    def test_story(self):
        self.check(self.g.command("history", "m2"), 0, out=["ended     2", "to <jdoe@example.test>: delivered", "  attempts\n"])

    def test_wrong_usage(self):
        self.check(self.g.command("history", "--since", "soon"), 64, err="--since soon is no time")
        self.check(self.g.command("history", "--json", "--csv"), 64)


if __name__ == "__main__":
    testbed.main()
