#!/usr/bin/env python3
"""history: what has left, as a table, as JSON, as CSV, and one message's story."""

import csv
import hashlib
import io
import json
import os
import sqlite3

import testbed
from testbed import harness, wait_for

WHOLE = b"Subject: x\r\nMessage-ID: <1@client.test>\r\n\r\nx\r\n"  # nothing to put right in it

class History(testbed.Case):
    def setUp(self):
        self.g = self.gateway().start()
        self.assertEqual(self.g.send(WHOLE, to=("jdoe@example.test", "x@elsewhere.test"))[0], 250)
        self.assertEqual(self.g.send(WHOLE, sender='"a,b"@client.test')[0], 250)
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
        self.check(self.g.command("history", "--client", "127.0.0.0/8"), 0, out="m1 ")
        self.assertNotIn("m1", self.check(self.g.command("history", "--client", "192.0.2.1"), 0).stdout)
        self.check(self.g.command("history", "--client", "127.0.0.0/33"), 64, err="--client: ")
        self.check(self.g.command("history", "--client", "127.0.0.1/8"), 64, err="--client: ")

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

    def test_hash_of_what_was_sent(self):
        story = json.loads(self.check(self.g.command("history", "m2", "--json"), 0).stdout)
        hashes = [hashlib.sha256(data).hexdigest() for data in self.g.messages()]
        self.assertIn(story["attempts_list"][0]["sent_hash"], hashes)
        self.assertEqual(story["hash"], hashlib.sha256(WHOLE).hexdigest())

    def test_hash_of_what_a_server_took(self):
        sink = self.sink()
        self.g.write(harness.route(sink.port))
        self.g.reload()
        self.assertEqual(self.g.send(b"Subject: y\r\n\r\n.y\r\n" + 3000 * b"0123456789\r\n", to=("b@c.test", "d@c.test"))[0], 250)
        wait_for("it is delivered", lambda: not [m for m in self.g.queue() if m["id"] == "m3"])
        story = json.loads(self.check(self.g.command("history", "m3", "--json"), 0).stdout)
        took = hashlib.sha256(sink.messages[-1]["data"]).hexdigest()
        self.assertEqual([a["sent_hash"] for a in story["attempts_list"]], [took, took])

    def test_verify(self):
        self.check(self.g.command("history", "verify"), 0, out=["2 messages: all fit", "newest link: "])
        link = self.g.command("history", "verify").stdout.split()[-1]
        self.check(self.g.command("history", "verify", link), 0, out="all fit")
        seq, head = link.split(":")
        other = ("0" if head[0] != "0" else "1") + head[1:]
        self.check(self.g.command("history", "verify", seq + ":" + other), 1, out="not the one that was written down")
        self.g.stop()
        with sqlite3.connect(os.path.join(self.g.spool, "spool.db")) as db:
            db.execute("UPDATE attempt SET reason = 'never mind' WHERE message = 2")
        db.close()
        self.g.start()
        self.check(self.g.command("history", "verify"), 1, out=["m2: attempt 1 for recipient 0 is not as it was", "does not fit"])
        found = json.loads(self.check(self.g.command("history", "verify", "--json"), 1).stdout)
        self.assertEqual((found["faults"], len(found["texts"])), (1, 1))

    def test_wrong_usage(self):
        self.check(self.g.command("history", "verify", "17"), 64, err="written 17:HASH")
        self.check(self.g.command("history", "m1", "m2"), 64)
        self.check(self.g.command("history", "--since", "soon"), 64, err="--since soon is no time")
        self.check(self.g.command("history", "--json", "--csv"), 64)


if __name__ == "__main__":
    testbed.main()
