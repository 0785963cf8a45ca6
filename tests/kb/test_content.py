"""The faults that the original gateway's support articles tell of, in what a mail holds on its way into the postoffice: one test an article,
named by it. Each passes here and failed there."""

import base64
import binascii
import os

import office

HEAD = b"From: joe@far.test\r\nTo: jdoe@example.test\r\nSubject: kb\r\nMessage-ID: <1@far.test>\r\n"
DATA = bytes(range(256)) * 3
HQX = b'!"#$%&\'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr'


def uuencoded(name, data):
    lines = [binascii.b2a_uu(data[i:i + 45]) for i in range(0, len(data), 45)]
    return b"begin 644 " + name + b"\r\n" + b"".join(line.rstrip(b"\n") + b"\r\n" for line in lines) + b"`\r\nend\r\n"


def binhexed(name, data):
    """BinHex 4.0 as RFC 1741 has it, its data fork alone."""
    def part(piece):
        return piece + binascii.crc_hqx(piece, 0).to_bytes(2, "big")
    head = bytes([len(name)]) + name + b"\0" + b"TEXTMSWD" + bytes(2) + len(data).to_bytes(4, "big") + bytes(4)
    packed = (part(head) + part(data) + part(b"")).replace(b"\x90", b"\x90\0")
    bits = "".join("{:08b}".format(byte) for byte in packed)
    bits += "0" * (-len(bits) % 6)
    text = b":" + bytes(HQX[int(bits[i:i + 6], 2)] for i in range(0, len(bits), 6)) + b":"
    return (b"(This file must be converted with BinHex 4.0)\r\n\r\n" +
            b"\r\n".join(text[i:i + 64] for i in range(0, len(text), 64)) + b"\r\n")


def multipart(*parts):
    return (HEAD + b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
            b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n")


def encoded(fields, data):
    return fields + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(data).replace(b"\n", b"\r\n")


class Content(office.Office):
    def test_Q118487_mime_and_binhex_are_read_and_the_rest_is_kept_whole(self):
        g = self.office()
        apple = b"\0\x05\x16\0\0\x02\0\0" + DATA
        hexed = b"48656c6c6f"
        got = self.comes_in(g, multipart(b"Content-Type: text/plain\r\n\r\nhello",
                                         encoded(b"Content-Type: application/msword; name=\"A.DOC\"\r\n", DATA),
                                         encoded(b"Content-Type: application/applefile; name=\"B\"\r\n", apple),
                                         b"Content-Type: application/octet-stream; name=C.HEX\r\n\r\n" + hexed,
                                         b"Content-Type: application/mac-binhex40; name=D.HQX\r\n\r\n" + binhexed(b"Report.doc", DATA)))
        self.assertEqual(got.parts, [("A.DOC", DATA), ("B", apple), ("C.HEX", hexed), ("Report.doc", DATA)])
        got = self.comes_in(g, HEAD + b"\r\nhere it is\r\n" + binhexed(b"Inline.doc", DATA) + b"that was it\r\n")
        self.assertEqual(got.parts, [("Inline.doc", DATA)])
        self.assertIn("here it is", got.text)
        self.assertIn("that was it", got.text)
        g.stop()

    def test_Q118595_a_line_that_begins_with_begin_is_text(self):
        g = self.office()
        got = self.comes_in(g, HEAD + b"\r\nWe\r\nbegin 644 the endeavor\r\nend\r\nbegin `...`endeavor\r\n")
        self.assertEqual(got.parts, [])
        self.assertTrue(got.text.endswith("\rWe\rbegin 644 the endeavor\rend\rbegin `...`endeavor\r"), got.text)
        g.stop()

    def test_Q111857_names_before_the_count_are_names_too(self):
        """Whichever of X-MS-Attachment and Encoding comes first; names hold blanks."""
        g = self.office()
        file = uuencoded(b"x", DATA)
        count = b"Encoding: 1 TEXT, %d UUENCODE\r\n" % file.count(b"\r\n")
        names = b"X-MS-Attachment: my report.doc 768 07-13-1993 13:20\r\n"
        for fields in count + names, names + count:
            got = self.comes_in(g, HEAD + fields + b"\r\nhello\r\n\r\n" + file)
            self.assertEqual(got.parts, [("my report.doc", DATA)])
            self.assertTrue(got.text.endswith("hello\r"), got.text)
        g.stop()

    def test_Q99716_the_names_that_mime_gives_come_first(self):
        g = self.office()
        fields = b"Content-Type: application/octet-stream; name=\"%s\"\r\n"
        got = self.comes_in(g, multipart(
            b"Content-Type: text/plain\r\n\r\nhello",
            encoded(fields % b"Type.doc" + b"Content-Disposition: attachment; filename=\"Lange Namen.doc\"\r\n", DATA),
            encoded(fields % b"Type.doc", DATA),
            encoded(b"Content-Type: application/octet-stream\r\n", DATA)))
        self.assertEqual([name for name, _ in got.parts[:2]], ["Lange Namen.doc", "Type.doc"])
        self.assertRegex(got.parts[2][0], "^ATT1")  # who has no name at all
        file = uuencoded(b"own.bin", DATA)
        got = self.comes_in(g, HEAD + b"Encoding: 1 TEXT, %d UUENCODE\r\n\r\nhello\r\n\r\n" % file.count(b"\r\n") + file)
        self.assertEqual(got.parts, [("own.bin", DATA)])  # not ATT1: the file says how it is called
        g.stop()

    def test_Q101461_a_header_ends_at_its_empty_line_alone(self):
        """Not at a line of blanks, which folds a field, nor at one that begins with a dot; neither for the postoffice nor for the gateway."""
        g = self.office()
        for odd in b"X-Odd: a\r\n \t\r\n b\r\n", b"X-Odd: a\r\n ..\r\n\t.\r\n":
            got = self.comes_in(g, b"From: joe@far.test\r\n" + odd + b"Subject: behind it\r\nMessage-ID: <behind@far.test>\r\n\r\nbody\r\n")
            self.assertEqual((got.field("SUBJECT"), got.text.split("\r\r")[-1]), ("behind it", "body\r"))
        self.assertEqual(g.log().count("message-id=<behind@far.test>"), 2)
        g.stop()

    def test_Q107205_what_stands_in_the_header_alone_is_read(self):
        """The WHEN of a meeting, in the field of its program and in a calendar."""
        g = self.office()
        got = self.comes_in(g, HEAD + b"When: Tuesday, 13 July 1993 13:20\r\nX-Where: room 5\r\n\r\n")
        self.assertIn("When: Tuesday, 13 July 1993 13:20\r", got.text)
        self.assertIn("X-Where: room 5\r", got.text)
        self.assertGreaterEqual(int(got.text.split("\r\r")[0].count("\r")) + 1, 2)
        event = (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nSUMMARY:Planning\r\nLOCATION:room 5\r\n"
                 b"DTSTART:19930713T132000Z\r\nDTEND:19930713T142000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
        got = self.comes_in(g, HEAD + b"MIME-Version: 1.0\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\n" + event)
        self.assertIn("1993-07-13 13:20", got.text)
        self.assertIn("room 5", got.text)
        self.assertEqual([data.replace(b"\r\n", b"\n") for _, data in got.parts], [event.replace(b"\r\n", b"\n")])
        g.stop()

    def test_Q111860_long_lines_are_not_broken(self):
        """Neither plain ones nor those of a paragraph that the sender has folded for its way."""
        g = self.office()
        line = "x" * 79 + " " + "y" * 900 + " end"
        self.assertIn("\r%s\r" % line, self.comes_in(g, HEAD + b"\r\n" + line.encode() + b"\r\n").text)
        quoted = b"=\r\n".join(line.encode()[i:i + 60] for i in range(0, len(line), 60))
        got = self.comes_in(g, HEAD + b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + quoted + b"\r\n")
        self.assertIn("\r%s\r" % line, got.text)
        g.stop()

    def test_Q113824_receipts_are_asked_for_by_people_alone(self):
        """Never by an empty field, by nobody, by a list or by a program."""
        g = self.office()
        asks = b"Return-Receipt-To: joe@far.test\r\n"
        for fields, sender, priority in (
                (asks, "joe@far.test", "R"), (b"Rr: joe@far.test\r\n", "joe@far.test", "R"),
                (b"Disposition-Notification-To: Joe <joe@far.test>\r\n", "joe@far.test", "R"),
                (b"", "joe@far.test", None), (b"Return-Receipt-To:\r\n", "joe@far.test", None), (b"Rr:\r\n", "joe@far.test", None),
                (b"Return-Receipt-To: <>\r\n", "joe@far.test", None), (asks, "", None),
                (asks + b"List-Id: <l.far.test>\r\n", "joe@far.test", None), (asks + b"Precedence: bulk\r\n", "joe@far.test", None),
                (asks + b"Auto-Submitted: auto-replied\r\n", "joe@far.test", None)):
            got = self.comes_in(g, HEAD + fields + b"\r\nx\r\n", sender)
            self.assertEqual(got.field("PRIORITY"), priority, (fields, sender))
        g.stop()


if __name__ == "__main__":
    office.harness.main()
