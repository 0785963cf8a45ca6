/*
 * Broken mails of every make: none crashes or hangs the translator or loses a part. What must come through is marked in each, MARK1
 * to MARKn, and looked for in the message that came of it, decoded, where a reader sees it; the few that nobody could decode, as
 * they came. A mail that is attached whole is there to the byte.
 */
#include "broken.h"

static const struct {
	const char *what, *mail;
	int marks;
} rows[] = {
	{"no boundary is named", "Content-Type: multipart/mixed\r\n\r\n" T1 T2 END, 2},
	{"an empty boundary",
	 "Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n\r\nMARK1\r\n", 1},
	{"another boundary", MX "--c\r\n\r\nMARK1\r\n--c\r\n\r\nMARK2\r\n--c--\r\n", 2},
	{"a boundary in other case", MX "--B\r\n\r\nMARK1\r\n--B--\r\n", 1},
	{"a quote that does not end", "Content-Type: multipart/mixed; boundary=\"b\r\n\r\n" T1 END,
	 1},
	{"a boundary with blanks behind",
	 MX "--b  \r\n\r\nMARK1\r\n--b \r\n\r\nMARK2\r\n--b-- \r\n", 2},
	{"no last boundary", MX T1 T2, 2},
	{"the last boundary first", MX "--b--\r\nMARK1\r\n" T2, 2},
	{"behind the last boundary", MX T1 END "MARK2\r\n", 2},
	{"parts behind the last boundary", MX T1 END "--b\r\n\r\nMARK2\r\n" END, 2},
	{"before the first, and parts", MX "preamble\r\n" T1 END, 1},
	{"nothing but what is before the first", MX "MARK1\r\n", 1},
	{"the same boundary within",
	 MX T1 "--b\r\n" M "\r\n--b\r\n\r\nMARK2\r\n--b--\r\n--b\r\n\r\nMARK3\r\n", 3},
	{"an inner one that does not end",
	 MX "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nMARK1\r\n" T2 END,
	 2},
	{"a boundary that begins another",
	 MX T1 "--b\r\nContent-Type: multipart/mixed; "
	       "boundary=bb\r\n\r\n--bb\r\n\r\nMARK2\r\n--bb--\r\n" END,
	 2},
	{"a part without an empty line", MX T1 "--b\r\nMARK2 and no field\r\n" END, 2},
	{"a part of fields alone", MX T1 "--b\r\nX-Field: y\r\n" END, 1},
	{"an empty part", MX T1 "--b\r\n--b\r\n\r\n" T2 END, 2},
	{"a field that is none in a part",
	 MX T1 "--b\r\nthis is none\r\nContent-Type: text/plain\r\n\r\nMARK2\r\n" END, 2},
	{"a type that is none", MX T1 "--b\r\nContent-Type: ;;;=/\r\n\r\nMARK2\r\n" END, 2},
	{"two types", "Content-Type: text/plain\r\n" MX "--b\r\n\r\nMARK1\r\n" END, 1},
	{"two types, the other way", M "Content-Type: text/plain\r\n\r\n--b\r\n\r\nMARK1\r\n" END,
	 1},
	{"an unknown encoding", MX "--b\r\nContent-Transfer-Encoding: rot13\r\n\r\nMARK1\r\n" END,
	 1},
	{"an encoding twice",
	 MX "--b\r\nContent-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: "
	    "8bit\r\n\r\nMARK1\r\n" END,
	 1},
	{"multipart in base64",
	 "Content-Transfer-Encoding: base64\r\n" MX T1 "--b\r\n" B64 MARK2_64 END, 2},
	{"base64 with rubbish in it", MX T1 "--b\r\n" B64 "TU*FS\r\n-SzI=\r\n" END, 2},
	{"base64 that is cut off", MX T1 "--b\r\n" B64 "TUFSSzIh\r\nTU", 2},
	{"base64 without its last signs", MX T1 "--b\r\n" B64 "TUFSSzI\r\n" END, 2},
	{"base64 pieces, each with its end", MX T1 "--b\r\n" B64 "TUFSSzI=\r\nTUFSSzM=\r\n" END, 2},
	{"quoted-printable with rubbish",
	 "Content-Transfer-Encoding: quoted-printable\r\nX: y\r\n\r\n=ZZ=\tMARK1=\r\nMARK2=4", 2},
	{"an unknown charset",
	 "Content-Type: text/plain; charset=klingon\r\n\r\nMARK1 \xfe\xff\r\n", 1},
	{"a charset of two bytes that is not",
	 "Content-Type: text/plain; charset=utf-16\r\n\r\nMARK1\r\n", 1},
	{"a charset of four bytes that is not",
	 "Content-Type: text/html; charset=UTF-32LE\r\n\r\n<p>MARK1\r\n", 1},
	{"bytes of no charset",
	 "Content-Type: text/plain; charset=utf-8\r\n\r\n\xff\xfe MARK1 \xc3\r\nMARK2\r\n", 2},
	{"bytes above 127 in the header", "Subject: \xfc MARK1\r\nX-\xe4: MARK2\r\n\r\nMARK3\r\n",
	 3},
	{"CR alone ends lines", "Subject: MARK1\r\rMARK2\r", 2},
	{"LF alone ends lines",
	 "Subject: MARK1\n"
	 "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nMARK2\n--b--\n",
	 2},
	{"ends of every kind", "Subject: MARK1\n" M "\n--b\r\n\nMARK2\n\r--b\n\r\nMARK3\r\n--b--",
	 3},
	{"a header that begins with a fold", " MARK1\r\nSubject: MARK2\r\n\r\nMARK3\r\n", 3},
	{"a header that does not end", "Subject: MARK1\r\nX: y", 1},
	{"no header", "MARK1\r\nMARK2\r\n", 2},
	{"an empty line first", "\r\nSubject: MARK1\r\n\r\nMARK2\r\n", 2},
	{"a mailbox's line first",
	 "From a@b Thu Nov 26 02:00:00 2026\r\nSubject: MARK1\r\n\r\nMARK2\r\n", 2},
	{"encoded words that are none",
	 "Subject: =?utf-8?q?MARK1\r\nX-A: =?x?y?MARK2?=\r\n\r\nMARK3\r\n", 3},
	{"an encoded word with an end in it",
	 "Subject: =?utf-8?q?MARK1=0D=0ABcc:_x?=\r\n\r\nMARK2\r\n", 2},
	{"a date that is none", "Date: MARK1 +1 never\r\n\r\nMARK2\r\n", 2},
	{"names that are folders",
	 MX "--b\r\nContent-Type: a/b; name=\"../../MARK1\"\r\n\r\nMARK2\r\n" END, 2},
	{"names in broken pieces",
	 MX "--b\r\nContent-Type: a/b; name*0*=utf-8''%4; name*2=x\r\n\r\nMARK1\r\n" END, 1},
	{"a name with an end in it",
	 MX "--b\r\nContent-Type: a/b; name=\"MARK1\r\n x\"\r\n\r\nMARK2\r\n" END, 2},
	{"a disposition that is none", MX "--b\r\nContent-Disposition: ;=\r\n\r\nMARK1\r\n" END, 1},
	{"a mail within that is empty", MX T1 "--b\r\n" IN END, 1},
	{"a mail within without a header", MX T1 "--b\r\n" IN "\r\nMARK2\r\n" END, 2},
	{"a mail within that is none", MX T1 "--b\r\n" IN "MARK2 and so on\r\n" END, 2},
	{"a mail within in base64",
	 MX T1 "--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: "
	       "base64\r\n\r\nU3ViamVjdDogTUFSSzINCg0KTUFSSzM=\r\n" END,
	 1},
	{"a mail within with its outer's boundary",
	 MX "--b\r\n" IN "Subject: MARK1\r\n" M
	    "\r\n--b\r\n\r\nMARK2\r\n--b--\r\n--b\r\n\r\nMARK3\r\n--b--\r\n",
	 3},
	{"a mail within a mail within",
	 IN "Subject: MARK1\r\n" IN "Subject: MARK2\r\n\r\nMARK3\r\n", 3},
	{"a piece of a mail",
	 "Content-Type: message/partial; id=x; number=1; total=2\r\n\r\nSubject: "
	 "MARK1\r\n\r\nMARK2\r\n",
	 2},
	{"a body that is elsewhere",
	 "Content-Type: message/external-body; access-type=x\r\n\r\nContent-Type: "
	 "MARK1/x\r\n\r\nMARK2\r\n",
	 2},
	{"a digest",
	 "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: "
	 "MARK1\r\n\r\nMARK2\r\n" END,
	 2},
	{"forms of a text that are none",
	 "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: "
	 "a/b\r\n\r\nMARK1\r\n--b\r\nContent-Type: c/d\r\n\r\nMARK2\r\n" END,
	 2},
	{"a signed one without a signature",
	 "Content-Type: multipart/signed; boundary=b\r\n\r\n" T1, 1},
	{"an encrypted one",
	 "Content-Type: multipart/encrypted; boundary=b; protocol=x\r\n\r\n" T1 T2 END, 2},
	{"a report without a type",
	 "Content-Type: multipart/report; boundary=b\r\n\r\n" T1
	 "--b\r\nContent-Type: message/delivery-status\r\n\r\nMARK2: x\r\n" END,
	 2},
	{"HTML that never closes",
	 "Content-Type: text/html\r\n\r\n<p <b>MARK1</i><table><td>MARK2 <a href=x>MARK3 &nosuch;",
	 3},
	{"uuencode that does not end", "X: y\r\n\r\nbegin 644 MARK1\r\n#MARK2\r\n", 2},
	{"BinHex that does not end",
	 "X: y\r\n\r\n(This file must be converted with BinHex 4.0)\r\n:MARK1", 1},
	{"Encoding that counts wrong", "Encoding: 9 TEXT, 7 UUENCODE\r\n\r\nMARK1\r\n\r\nMARK2\r\n",
	 2},
	{"TNEF that is none", MX T1 "--b\r\nContent-Type: application/ms-tnef\r\n\r\nMARK2\r\n" END,
	 2},
	{"TNEF that is cut off",
	 MX T1 "--b\r\nContent-Type: application/ms-tnef\r\nContent-Transfer-Encoding: "
	       "base64\r\n\r\neJ8+IgEAAUFNQVJLMk0=\r\n" END,
	 2},
	{"a part that is cut in its header", MX T1 "--b\r\nX-Field: MARK2", 2},
	{"a part that is cut in its boundary", MX T1 T2 "--", 2},
	{"a part that is all header", MX T1 "--b\r\nX-Field: y\r\nX-More: z\r\n\r\n" END, 1},
	{"encodings that conflict",
	 MX T1 "--b\r\nContent-Type: a/b\r\nContent-Transfer-Encoding: "
	       "base64\r\nContent-Transfer-Encoding: 7bit\r\n\r\n" MARK2_64 END,
	 2},
	{"encodings that conflict, the other way",
	 MX T1 "--b\r\nContent-Type: a/b\r\nContent-Transfer-Encoding: "
	       "7bit\r\nContent-Transfer-Encoding: base64\r\n\r\n" MARK2_64 END,
	 2},
	{"base64 that is plain text",
	 MX T1 "--b\r\nContent-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\nMARK2, "
	       "plain\r\n" END,
	 2},
	{"quoted-printable that is base64",
	 MX T1 "--b\r\nContent-Type: a/b\r\nContent-Transfer-Encoding: "
	       "quoted-printable\r\n\r\n" MARK2_64 END,
	 2},
	{"an encoding with a comment",
	 MX T1 "--b\r\nContent-Type: a/b\r\nContent-Transfer-Encoding: base64 (so it "
	       "is)\r\n\r\n" MARK2_64 END,
	 2},
	{"a boundary within base64",
	 MX "--b\r\n" B64 "TUFSSz\r\n--b\r\n\r\nMARK1\r\n--b\r\n\r\nMARK2\r\n" END, 2},
	{"a boundary of 200 letters",
	 "Content-Type: multipart/mixed; boundary="
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaa"
	 "\r\n\r\n--"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaa"
	 "\r\n\r\nMARK1\r\n",
	 1},
	{"a boundary with blanks within",
	 "Content-Type: multipart/mixed; boundary=\"b c\"\r\n\r\n--b c\r\n\r\nMARK1\r\n--b "
	 "c--\r\n",
	 1},
	{"a boundary that ends in a blank",
	 "Content-Type: multipart/mixed; boundary=\"b \"\r\n\r\n--b \r\n\r\nMARK1\r\n--b "
	 "\r\n\r\nMARK2\r\n--b --\r\n",
	 2},
	{"a boundary that is named twice",
	 "Content-Type: multipart/mixed; boundary=b; "
	 "boundary=c\r\n\r\n--b\r\n\r\nMARK1\r\n--c\r\n\r\n"
	 "MARK2\r\n--c--\r\n--b--\r\n",
	 2},
	{"a boundary in pieces",
	 "Content-Type: multipart/mixed; boundary*0=b; boundary*1=c\r\n\r\n--bc\r\n\r\nMARK1\r\n"
	 "--bc--\r\n",
	 1},
	{"boundaries with NULs behind", MX "--b\x02\r\n\r\nMARK1\r\n--b\r\n\r\nMARK2\r\n" END, 2},
	{"our own field and NULs", "X-MMFF-File\x02\x02: MARK1\r\n\r\nX-MMFF-File\x02MARK2\r\n", 2},
	{"NULs in a text", "Subject: MARK1\r\n\r\n\x02\x02MARK2\x02\r\nMARK3\r\n", 3},
	{"NULs in a header", "Subject: MARK1\x02 more\r\nX-\x02: y\r\n\r\nMARK2\r\n", 2},
	{"NULs in a name", MX "--b\r\nContent-Type: a/b; name=\"n\x02n\"\r\n\r\nMARK1\r\n" END, 1},
	{"NULs within base64", MX T1 "--b\r\n" B64 "TUFS\x02SzI=\r\n" END, 2},
	{"pieces of a name out of order",
	 MX "--b\r\nContent-Type: a/b; name*1=RK1; name*0=MA\r\n\r\nMARK2\r\n" END, 2},
	{"pieces of a name with gaps and huge numbers",
	 MX "--b\r\nContent-Type: a/b; name*0=a; name*7=b; name*99999999999999999999=c; "
	    "name*-1=d; name*x=e\r\n\r\nMARK1\r\n" END,
	 1},
	{"a name that is cut off in a sign",
	 MX "--b\r\nContent-Type: a/b; name*=utf-8''MARK1%C3%\r\n\r\nMARK2\r\n" END, 2},
	{"a name of no charset", MX "--b\r\nContent-Type: a/b; name*=MARK1%FC\r\n\r\nMARK2\r\n" END,
	 2},
	{"a name of an unknown charset",
	 MX "--b\r\nContent-Type: a/b; name*=klingon''MARK1%FC%FF\r\n\r\nMARK2\r\n" END, 2},
	{"an encoded word of an unknown charset as a name",
	 MX "--b\r\nContent-Type: a/b; name=\"=?klingon?q?MARK1=FF?=\"\r\n\r\nMARK2\r\n" END, 2},
	{"an unknown charset of a file",
	 MX "--b\r\nContent-Type: text/plain; charset=klingon; name=n\r\n\r\nMARK1\xff\r\n" END, 1},
	{"HTML of an unknown charset",
	 "Content-Type: text/html; charset=klingon\r\n\r\n<p>MARK1 \xfc <b>MARK2\r\n", 2},
	{"a declared uuencode that does not end",
	 MX T1 "--b\r\nContent-Type: a/b\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 "
	       "f\r\n#MARK2\r\n" END,
	 2},
	{"a declared uuencode without its beginning",
	 MX T1 "--b\r\nContent-Type: a/b\r\nContent-Transfer-Encoding: "
	       "x-uuencode\r\n\r\n#MARK2\r\n`\r\nend\r\n" END,
	 2},
	{"uuencode with a short line",
	 "X: y\r\n\r\nMARK1\r\nbegin 644 f\r\nM0V%TMARK2\r\n`\r\nend\r\nMARK3\r\n", 3},
	{"a declared BinHex that is cut off",
	 MX T1 "--b\r\nContent-Type: application/mac-binhex40; name=f\r\n\r\n(This file must be "
	       "converted with BinHex 4.0)\r\n:\"dC[Eb\"MARK2\r\n" END,
	 2},
	{"a declared BinHex that is none",
	 MX T1 "--b\r\nContent-Type: application/mac-binhex40\r\n\r\nMARK2\r\n" END, 2},
	{"AppleSingle and AppleDouble",
	 MX "--b\r\nContent-Type: application/applefile\r\n\r\nMARK1\r\n--b\r\nContent-Type: "
	    "multipart/appledouble; boundary=c\r\n\r\n--c\r\nContent-Type: "
	    "application/applefile\r\n\r\nMARK2\r\n--c\r\nContent-Type: a/b\r\n\r\nMARK3\r\n" END,
	 3},
	{"a calendar that is none",
	 MX "--b\r\nContent-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nSUMMARY:MARK1\r\n" END,
	 1},
	{"forms of a text, the best one cut off",
	 "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: "
	 "text/html\r\n\r\n<p>MARK1</p>\r\n--b\r\nContent-Type: application/x\r\n\r\nMARK2",
	 2},
	{"Encoding of a hundred digits",
	 "Encoding: 99999999999999999999999999999999999999 TEXT, -1 UUENCODE\r\n\r\nMARK1\r\n", 1},
	{"Encoding of files without any",
	 "Encoding: 1 TEXT, 1 UUENCODE\r\nX-MS-Attachment: x\r\n\r\nMARK1\r\n\r\nMARK2\r\n", 2},
	{"an end of a mail within a line of DOS", "Subject: x\r\n\r\nMARK1\x1aMARK2\r\n", 2},
	{"a mail within of another encoding",
	 MX T1 "--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: "
	       "quoted-printable\r\n\r\nSubject: MARK2\r\n\r\n=4DARK3\r\n" END,
	 2},
	{"a mail within that is cut off in its header", MX T1 "--b\r\n" IN "Subject: MARK2", 2},
	{"a mail within that is a multipart without parts",
	 MX T1 "--b\r\n" IN "Subject: MARK2\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
	       "MARK3\r\n" END,
	 3},
};

/* A row's mail: \x02 stands for a NUL. Free it. */
static char *bytes_of(size_t i, size_t *len)
{
	char *copy = strdup(rows[i].mail);
	*len = strlen(copy);
	for (size_t k = 0; k < *len; k++)
		copy[k] = copy[k] == 2 ? '\0' : copy[k];
	return copy;
}

/* Of these rows it is enough that the last so many marks are there as they came: nobody can tell what they were. */
static const struct {
	const char *what;
	int raw;
} as_they_came[] = {
	{"a part without an empty line", 1},     {"a part that is cut in its header", 1},
	{"a header that begins with a fold", 3}, {"no header", 2},
	{"a mail within that is empty", 1},      {"a mail within without a header", 2},
	{"a mail within that is none", 2},       {"base64 without its last signs", 1},
	{"encodings that conflict", 1},          {"base64 that is plain text", 1},
	{"quoted-printable that is base64", 1},  {"boundaries with NULs behind", 2},
	{"our own field and NULs", 2},
};

static int raw_of(const char *what)
{
	for (size_t i = 0; i < sizeof as_they_came / sizeof *as_they_came; i++)
		if (strcmp(as_they_came[i].what, what) == 0)
			return as_they_came[i].raw;
	return 0;
}

START_TEST(kept)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t len;
		char *mail = bytes_of(i, &len);
		translate_n(mail, len, TRANSLATING_SHEET);
		is_kept(rows[i].what, mail, len, rows[i].marks, raw_of(rows[i].what));
		free(mail);
		afresh();
	}
}
END_TEST

/* Each cut, and with a NUL, at every place: of the marks that are still in it none is lost. */
static void check_damaged(size_t row, size_t at, const char *mail, size_t len)
{
	translate_n(mail, len, TRANSLATING_SHEET);
	for (size_t k = 0; k < MARKS; k++)
		if (memmem(mail, len, all_marks[k][0], 5))
			ck_assert_msg(kept_raw(all_marks[k]), "%s, damaged at %zu: lost %s",
				      rows[row].what, at, all_marks[k][0]);
}

START_TEST(damaged)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t len;
		char *mail = bytes_of(i, &len);
		for (size_t at = 0; at < len; at += 1 + len / 40) {
			char was = mail[at];
			mail[at] = '\0';
			check_damaged(i, at, mail, len);
			mail[at] = was;
			check_damaged(i, at, mail, at);
			afresh();
		}
		free(mail);
	}
}
END_TEST

static Suite *suite(void)
{
	const TTest *const all[] = {kept, damaged};
	return translating_suite("translate/mime_broken", all, sizeof all / sizeof *all);
}
SUITE_MAIN(suite)
