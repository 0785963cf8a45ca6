"""The faults that the original gateway's support articles tell of, on the side of the postoffice: one test an article, named by it.
Each passes here and failed there."""

import email
import email.policy
import os
import shutil
import subprocess

from office import GET, PUT, harness, mmff


class Postoffice(harness.Case):
    def office(self, wait="1s", **more):
        self.far = self.sink()
        g = self.gateway(ini="[route out]\nmatch = *\nsmart_host = 127.0.0.1:%d\n" % self.far.port,
                         postoffice="get = %s\nwait = %s\n" % (GET, wait), **more)
        os.makedirs(os.path.join(g.mail, "outgoing/new"))
        os.makedirs(os.path.join(g.mail, "smtp"))
        return g

    def put(self, g, data, status=0):
        path = os.path.join(g.folder, "to_nc.api")
        with open(path, "wb") as f:
            f.write(data)
        done = subprocess.run([PUT, "-d" + g.mail, path], timeout=harness.LIMIT, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stderr

    def drop(self, g, name, data):
        with open(os.path.join(g.mail, name), "wb") as f:
            f.write(data)

    def arrived(self, count):
        harness.wait_for("%d mails" % count, lambda: self.far.count() >= count)
        return [email.message_from_bytes(m["data"], policy=email.policy.default) for m in self.far.messages]

    def test_Q111839_Q100703_an_empty_or_broken_from_nc_api_stops_nothing(self):
        for content in (b"", b"\x1a", b"nothing of the kind", b"VERSION:3.00\rTO:SMTP:a@b.test\rTEXT:99\rshort"):
            g = self.office()
            self.drop(g, "smtp/from_nc.api", content)
            self.put(g, mmff(["SMTP:joe@far.test"], "good"))
            g.start()
            self.arrived(1)
            g.stop()
            self.assertFalse(os.path.exists(os.path.join(g.mail, "smtp/from_nc.api")))
            self.assertEqual(os.path.exists(os.path.join(g.mail, "smtp/from_nc.api.bad")), len(content) > 1)

    def test_Q98159_Q129713_one_bad_message_is_set_aside_with_its_reason(self):
        g = self.office()
        good = mmff(["SMTP:joe@far.test"], "good")
        self.drop(g, "outgoing/new/1", good + b"VERSION:3.00\rTO:PIGEON:x\rTEXT:0\r" + good)
        g.start()
        self.arrived(2)
        self.assertIn("151-002-002 unknown service", g.log())
        g.stop()
        with open(os.path.join(g.mail, "outgoing/bad/1.bad"), "rb") as f:
            self.assertEqual(f.read(), b"VERSION:3.00\rTO:PIGEON:x\rTEXT:0\r")

    def test_Q115490_all_messages_of_a_file_are_delivered(self):
        g = self.office()
        self.put(g, b"".join(mmff(["jdoe"], "message %d" % i) for i in range(130)))
        self.assertEqual(g.count(), 130)

    def test_Q118562_Q135926_the_reason_in_words_beside_201(self):
        g = self.office()
        told = self.put(g, mmff(["TEST/HQ/nobody", "jdoe"], "x"), status=1)
        self.assertRegex(told, r"^201-001-\d{3} failure submitting message: there is no mailbox nobody in ")
        self.assertEqual(g.count(), 1)

    def test_Q111894_names_of_attachments_keep_their_case(self):
        g = self.office()
        self.put(g, mmff(["SMTP:joe@far.test"], "x", [("MixedCase.Doc", b"1"), ("lower.txt", b"2")]))
        g.start()
        (mail,) = self.arrived(1)
        self.assertEqual([p.get_filename() for p in mail.iter_attachments()], ["MixedCase.Doc", "lower.txt"])
        g.stop()

    def test_Q118595_a_line_that_begins_with_begin_is_text(self):
        text = "begin 644 the endeavor\rend\rbegin `...`endeavor\r"
        g = self.office()
        self.put(g, mmff(["SMTP:joe@far.test"], text))
        g.start()
        (mail,) = self.arrived(1)
        self.assertEqual(mail.get_content().splitlines(), text.split("\r")[:-1])
        g.stop()

    def test_Q111860_long_lines_are_not_broken(self):
        """Neither one that goes as it is, nor one that is too long for that."""
        g = self.office().start()
        for count, size in (1, 300), (2, 3000):
            text = "x" * 79 + " " + "y" * size + " end"
            self.put(g, mmff(["SMTP:joe@far.test"], text))
            self.assertEqual(self.arrived(count)[-1].get_content().rstrip("\r\n"), text)
        g.stop()

    def test_Q135034_Q98067_errors_never_loop(self):
        g = self.office()
        self.put(g, mmff(["SMTP:joe@far.test"], "x", sender="TEST/HQ/Postmaster"))
        self.put(g, mmff(["TEST/HQ/Postmaster"], "for the administrator"))
        self.assertEqual(g.count("admin"), 1)
        g.start()
        self.arrived(1)
        self.assertTrue(self.far.messages[0]["mail"].startswith("FROM:<>"), self.far.messages[0]["mail"])
        g.stop()

    def test_Q136041_a_lost_drive_does_not_stop_the_gateway(self):
        g = self.office().start()
        os.rename(g.mail, g.mail + ".lost")
        harness.wait_for("it is missed", lambda: "mailbag failed" in g.log())
        self.assertEqual(g.send(b"Subject: x\r\n\r\nx\r\n", to=["far@remote.test"])[0], 250)
        self.arrived(1)
        shutil.copytree(g.mail + ".lost", g.mail)  # as a share that is mounted anew: another folder
        self.put(g, mmff(["SMTP:joe@far.test"], "x"))
        self.arrived(2)
        g.stop()

    def test_Q137043_more_than_six_messages_a_cycle(self):
        """120 leave at once, although the next look is due in a day."""
        g = self.office(wait="1d")
        for k in range(4):
            self.put(g, b"".join(mmff(["SMTP:joe@far.test"], "message %d-%d." % (k, i)) for i in range(30)))
        g.start()
        self.arrived(120)
        g.stop()

    def test_Q132060_two_gateways_on_one_postoffice(self):
        """Each message leaves once, although both look into the mailbag, and never do two get programs run at once: those of the original
        locked nothing."""
        g = self.office()
        far = self.far
        get = os.path.join(g.folder, "get.sh")
        with open(get, "w") as f:
            f.write("#!/bin/sh\nmkdir {0}/busy || touch {0}/overlap\nsleep 0.2\n{1} \"$@\"\nstatus=$?\nrmdir {0}/busy\nexit $status\n".format(g.folder, GET))
        os.chmod(get, 0o755)
        with open(g.ini) as f:
            text = f.read().replace("get = %s\n" % GET, "get = %s\n" % get)
        with open(g.ini, "w") as f:
            f.write(text)
        other = self.gateway(ini="[route out]\nmatch = *\nsmart_host = 127.0.0.1:%d\n" % far.port)
        with open(other.ini) as f:
            text = f.read().replace("path = %s\n" % other.mail, "path = %s\nget = %s\nwait = 1s\n" % (g.mail, get))
        with open(other.ini, "w") as f:
            f.write(text)
        g.start()
        other.start()
        for k in range(6):
            self.put(g, b"".join(mmff(["SMTP:joe@far.test"], "message %d-%d." % (k, i)) for i in range(20)))
        self.arrived(120)
        self.assertFalse(os.path.exists(os.path.join(g.folder, "overlap")))  # now: a script that is killed by a stop leaves its mark behind
        g.stop()
        other.stop()
        bodies = [email.message_from_bytes(m["data"], policy=email.policy.default).get_content().strip() for m in far.messages]
        self.assertEqual(sorted(bodies), sorted("message %d-%d." % (k, i) for k in range(6) for i in range(20)))


if __name__ == "__main__":
    harness.main()
