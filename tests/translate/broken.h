/*
 * What tests of broken mails share: pieces of such, and whether what is marked in them, MARK1 to MARKn, is in the message that came of it:
 * decoded, where a reader sees it; what nobody could decode, as it came. A mail that is attached whole is there to the byte.
 */
#ifndef SMTPGATE_TESTS_TRANSLATE_BROKEN_H
#define SMTPGATE_TESTS_TRANSLATE_BROKEN_H

#include "translating.h"

#define M "Content-Type: multipart/mixed; boundary=b\r\n"
#define MX M "\r\n"
#define T1 "--b\r\n\r\nMARK1\r\n"
#define T2 "--b\r\n\r\nMARK2\r\n"
#define END "--b--\r\n"
#define B64 "Content-Type: a/b; name=n\r\nContent-Transfer-Encoding: base64\r\n\r\n"
#define MARK2_64 "TUFSSzI=\r\n"
#define IN "Content-Type: message/rfc822\r\n\r\n"

static const char *const all_marks[][2] = {
	{"MARK1", "TUFSSzE"}, {"MARK2", "TUFSSzI"}, {"MARK3", "TUFSSzM"}};
#define MARKS (sizeof all_marks / sizeof *all_marks)

static bool in(const struct content *c, const char *mark)
{
	return memmem(string(c), (size_t)c->size, mark, strlen(mark)) != NULL;
}

static bool is_whole(const struct neutral_part *p)
{
	return strcmp(p->name, MIME_WHOLE_NAME) == 0;
}

/* Where a reader sees it: in the text, the subject, a name, or decoded in a file that is not the mail itself. */
static bool shown(const char *mark)
{
	bool found = in(&n.text, mark) || (n.subject && strstr(n.subject, mark));
	for (size_t i = 0; i < n.parts.count && !found; i++) {
		const struct neutral_part *p = &n.parts.items[i];
		found = !is_whole(p) && (strstr(p->name, mark) || in(&p->content, mark));
	}
	return found;
}

/* Anywhere, as it came. */
static bool kept_raw(const char *const mark[2])
{
	const struct content all = content_file(out, 0, (uint64_t)lseek(out, 0, SEEK_END));
	return in(&all, mark[0]) || in(&all, mark[1]);
}

/* raw: of the last so many marks it is enough that they are there as they came. */
static void is_kept(const char *what, const char *mail, size_t len, int marks, int raw)
{
	for (int i = 0; i < marks; i++)
		ck_assert_msg(i < marks - raw ? shown(all_marks[i][0]) : kept_raw(all_marks[i]),
			      "%s: lost %s", what, all_marks[i][0]);
	const struct neutral_part *last = n.parts.count ? &n.parts.items[n.parts.count - 1] : NULL;
	ck_assert_msg(!told.whole || (last && is_whole(last)), "%s: it is not there", what);
	if (last && is_whole(last)) {
		ck_assert_uint_eq(last->content.size, len);
		ck_assert_int_eq(memcmp(string(&last->content), mail, len), 0);
	}
}

static inline void afresh(void)
{
	region_destroy(&region);
	region = region_new(0);
}

#endif
