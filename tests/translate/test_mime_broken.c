/*
 * Broken mails of every make: none crashes or hangs the translator or loses a part. What must come through is marked in each, MARK1
 * to MARKn, and looked for in the message that came of it, as it is or still in the base64 that nobody could read.
 */
#include "translating.h"

#define M "Content-Type: multipart/mixed; boundary=b\r\n"
#define MX M "\r\n"
#define T1 "--b\r\n\r\nMARK1\r\n"
#define T2 "--b\r\n\r\nMARK2\r\n"
#define END "--b--\r\n"
#define B64 "Content-Type: a/b; name=n\r\nContent-Transfer-Encoding: base64\r\n\r\n"
#define MARK2_64 "TUFSSzI=\r\n"
#define IN "Content-Type: message/rfc822\r\n\r\n"

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
	 "Content-Type: text/plain; charset=utf-16\r\n\r\nMARK1\r\n", 0},
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
};

/* Anywhere in the message that came of it. */
static bool holds(const struct content *all, const char *mark)
{
	const char *bytes = string(all);
	size_t len = strlen(mark);
	for (size_t at = 0; at + len <= all->size; at++)
		if (memcmp(bytes + at, mark, len) == 0)
			return true;
	return false;
}

static void is_kept(const char *what, int marks)
{
	static const char *const all_marks[][2] = {
		{"MARK1", "TUFSSzE"}, {"MARK2", "TUFSSzI"}, {"MARK3", "TUFSSzM"}};
	struct content all = content_file(out, 0, (uint64_t)lseek(out, 0, SEEK_END));
	for (int i = 0; i < marks; i++) {
		const char *const *m = all_marks[i];
		ck_assert_msg(holds(&all, m[0]) || holds(&all, m[1]), "%s: lost %s of\n%s", what,
			      m[0], string(&all));
	}
}

START_TEST(kept)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		translate(rows[i].mail);
		is_kept(rows[i].what, rows[i].marks);
	}
}
END_TEST

/* Each with a NUL, and cut, at every place: something comes of it that can be read. What is kept of a broken one, the rows above tell. */
START_TEST(damaged)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t len = strlen(rows[i].mail);
		char *copy = malloc(len + 1);
		for (size_t at = 0; at < len; at += 1 + len / 40) {
			memcpy(copy, rows[i].mail, len);
			copy[at] = '\0';
			translate_n(copy, len, TRANSLATING_SHEET);
			translate_n(copy, at, TRANSLATING_SHEET);
		}
		free(copy);
		region_destroy(&region);
		region = region_new(0);
	}
}
END_TEST

static Suite *suite(void)
{
	const TTest *const all[] = {kept, damaged};
	return translating_suite("translate/mime_broken", all, sizeof all / sizeof *all);
}
SUITE_MAIN(suite)
