/* Files in texts and parts that are packed by other means: uuencode and BinHex, found by themselves and declared. */
#include "translating.h"

#define MIXED "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
#define UU "begin 644 f.txt\r\n5:&5L;&\\@=74@9FEL90IS96-O;F0*\r\n`\r\nend\r\n"
#define UU_BYTES "hello uu file\nsecond\n"
#define WORDS "(This file must be converted with BinHex 4.0)\r\n"
#define HEX                                                                    \
	WORDS "\r\n:\"dC[Eb\"LBA)!9%9B9(4dH(3!N!8X!*!%2h*SC@aXEj!!N!!JBC!J)'9" \
	      "ZC#00!!!\r\n:\r\n"
#define HEX_BYTES "hello\x90\x90 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa end"
#define RES WORDS ":!e*PF`\"849K8G(4iG!#3\"33!!!!%))pNBA4KKf*58e*$MlF:"

START_TEST(in_text)
{
	translate("Subject: x\r\n\r\none\r\n" UU "two\r\n" HEX "three\r\n" UU);
	ck_assert_str_eq(body(), "one\rtwo\r\rthree\r");
	ck_assert_uint_eq(n.parts.count, 3);
	is_part(0, "f.txt", UU_BYTES);
	is_part(1, "Foo bar", HEX_BYTES);
	is_part(2, "f.txt", UU_BYTES);
}
END_TEST

/* Names are read as the text around them, and stay names: no folder, no control characters. */
START_TEST(names)
{
	translate("Content-Type: text/plain; charset=iso-8859-1\r\n\r\n"
		  "begin 644 ../etc/B\xfcro.doc\r\n`\r\nend\r\nbegin 644 x/\r\n`\r\nend\r\n");
	is_part(0, "B\x81ro.doc", "");
	is_part(1, "ATT1.DAT", "");
}
END_TEST

START_TEST(damaged)
{
	static const char *const rows[] = {
		"begin 644 f\r\n#``\r\n`\r\nend\r\n",
		"begin 644 f\r\n#````\r\n",
		"begin the day\r\nend\r\n",
		WORDS ":cut\r\n",
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *mail = region_printf(region, "Subject: x\r\n\r\n%s", rows[i]);
		translate(mail);
		ck_assert_uint_eq(n.parts.count, 0);
		const char *text = body();
		for (const char *p = rows[i]; *p; p++)
			if (*p != '\n')
				ck_assert_int_eq(*text++, *p);
	}
}
END_TEST

START_TEST(declared)
{
	translate(MIXED "--b\r\n\r\ntext\r\n--b\r\nContent-Type: application/octet-stream\r\n"
			"Content-Transfer-Encoding: x-uuencode\r\n\r\n" UU
			"--b\r\nContent-Type: image/png; name=given.png\r\n"
			"Content-Transfer-Encoding: x-uuencode\r\n\r\nwords\r\n" UU
			"--b\r\nContent-Type: image/png; name=cut.png\r\n"
			"Content-Transfer-Encoding: uuencode\r\n\r\nbegin 644 x\r\n#``\r\n"
			"--b\r\nContent-Type: text/plain\r\n"
			"Content-Transfer-Encoding: x-uue\r\n\r\n" UU "--b--\r\n");
	ck_assert_uint_eq(n.parts.count, 3);
	is_part(0, "f.txt", UU_BYTES);
	is_part(1, "given.png", UU_BYTES);
	is_part(2, "cut.png", "begin 644 x\r\n#``");
	ck_assert_str_eq(body(), "textwords\rhello uu file\rsecond\r");
}
END_TEST

START_TEST(beside_a_declared_text)
{
	translate("Content-Type: text/plain\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\n" UU
		  "\r\n");
	ck_assert_uint_eq(n.parts.count, 0);
	translate("Content-Type: text/plain\r\nContent-Transfer-Encoding: "
		  "x-uuencode\r\n\r\nwords\r\n" UU UU);
	ck_assert_str_eq(body(), "hello uu file\rsecond\r");
	ck_assert_uint_eq(n.parts.count, 1);
	ck_assert_str_eq(n.parts.items[0].name, "MESSAGE.EML");
}
END_TEST

/* The whole is kept too where a resource fork would be lost. */
START_TEST(binhex)
{
	translate(MIXED "--b\r\nContent-Type: application/mac-binhex40; name=x.hqx\r\n\r\n" HEX
			"--b\r\nContent-Type: application/mac-binhex40\r\n"
			"Content-Transfer-Encoding: base64\r\n\r\n"
			"KFRoaXMgZmlsZSBtdXN0IGJlIGNvbnZlcnRlZCB3aXRoIEJpbkhleCA0LjApDQo6\r\n"
			"IWUqUEZgIjg0OUs4Ryg0aUchIzMiMzMhISEhJSkpcE5CQTRLS2YqNThlKiRNbEY6\r\n"
			"--b\r\nContent-Type: application/mac-binhex40; name=y.hqx\r\n\r\nno\r\n"
			"--b--\r\n");
	ck_assert_uint_eq(n.parts.count, 4);
	is_part(0, "Foo bar", HEX_BYTES);
	is_part(1, "Res", "data");
	is_part(2, "Res.HQX", RES);
	is_part(3, "y.hqx", "no");
}
END_TEST

static Suite *suite(void)
{
	const TTest *const all[] = {in_text, names, damaged, declared, beside_a_declared_text,
				    binhex};
	return translating_suite("translate/mime_files", all, sizeof all / sizeof *all);
}
SUITE_MAIN(suite)
