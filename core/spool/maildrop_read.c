/*
 * Reading out of the maildrop: see spool.h. The envelope is read into memory, which has a bound, and the content stays where it is: in the
 * file. Owns nothing but the descriptor that it gives away.
 */
#include "base/buf.h"
#include "base/text.h"
#include "mail/asks.h"
#include "spool/maildrop.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY_MS INT64_C(86400000)
#define BLOCK 16384

/* ---- the envelope ---- */

static const char *kept(struct region *region, const char *value, bool *short_of)
{
	const char *copy = region_strdup(region, value);
	*short_of |= !copy;
	return copy ? copy : "";
}

static bool number_of(const char *text, int64_t least, int64_t most, int64_t *out)
{
	char *end;
	errno = 0;
	long long n = strtoll(text, &end, 10);
	*out = n;
	return *text && !*end && !errno && n >= least && n <= most;
}

/* Anybody may have written it: it is taken in our own form alone. */
static bool take_asks(struct mail_envelope *e, const char *value, bool *short_of)
{
	struct mail_asks a;
	char text[MAIL_ASKS_TEXT];
	if (mail_asks_parse(value, &a) != OK)
		return false;
	e->asks = kept(e->region, mail_asks_print(&a, text), short_of);
	return true;
}

static bool take_asks_of(struct mail_envelope *e, const char *value, bool *short_of)
{
	struct mail_asks_rcpt a;
	char text[MAIL_ASKS_RCPT_TEXT];
	if (!e->count || mail_asks_rcpt_parse(value, &a) != OK)
		return false;
	e->asks_of[e->count - 1] = kept(e->region, mail_asks_rcpt_print(&a, text), short_of);
	return true;
}

/* One line, cut out already. E_CORRUPT: nothing that put_envelope writes. */
static enum result take_line(struct mail_envelope *e, char *line, int64_t *size)
{
	bool short_of = false, fits = true;
	int64_t n = 0;
	char *value = strchr(line, ' ');
	if (!value)
		return E_CORRUPT;
	*value++ = '\0';
	if (strcmp(line, "from") == 0)
		e->reverse_path = kept(e->region, value, &short_of);
	else if (strcmp(line, "to") == 0)
		short_of = mail_envelope_add(e, value) != OK;
	else if (strcmp(line, "asks") == 0)
		fits = take_asks(e, value, &short_of);
	else if (strcmp(line, "asks-of") == 0)
		fits = take_asks_of(e, value, &short_of);
	else if (strcmp(line, "listener") == 0)
		e->listener = kept(e->region, value, &short_of);
	else if (strcmp(line, "protocol") == 0)
		e->protocol = kept(e->region, value, &short_of);
	else if (strcmp(line, "client") == 0)
		e->client = kept(e->region, value, &short_of);
	else if (strcmp(line, "helo") == 0)
		e->helo = kept(e->region, value, &short_of);
	else if (strcmp(line, "repaired") == 0)
		e->repaired = kept(e->region, value, &short_of);
	else if (strcmp(line, "arrived") == 0)
		fits = number_of(value, INT64_MIN, INT64_MAX, &e->arrived);
	else if (strcmp(line, "size") == 0)
		fits = number_of(value, 0, INT64_MAX, size);
	else if (strcmp(line, "priority") == 0 && (fits = number_of(value, 0, MAIL_BULK, &n)))
		e->priority = (enum mail_priority)n;
	else if (strcmp(line, "eight_bit") == 0 && (fits = number_of(value, 0, 1, &n)))
		e->eight_bit = n != 0;
	else
		fits = false;
	return short_of ? E_NOMEM : fits ? OK : E_CORRUPT;
}

/* The lines of an envelope, the empty one left out. */
static enum result take_envelope(struct mail_envelope *e, char *text, int64_t *size)
{
	if (!text_starts(text, MAILDROP_FIRST))
		return E_CORRUPT;
	enum result r = OK;
	*size = -1;
	for (char *at = text + strlen(MAILDROP_FIRST), *end; r == OK && *at; at = end + 1) {
		end = strchr(at, '\n');
		if (!end)
			return E_CORRUPT;
		*end = '\0';
		r = take_line(e, at, size);
	}
	return r == OK && !e->count ? E_CORRUPT : r;
}

/* ---- the file ---- */

/* Any user may put files there: what is no plain file of one name is not even opened for long. */
static enum result open_file(const char *whole, uint64_t most, int *fd, struct stat *st,
			     struct err *err)
{
	*fd = open(whole, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0 && errno == ELOOP)
		return err_set(err, E_CORRUPT, "%s: it is a symbolic link", whole);
	if (*fd < 0 || fstat(*fd, st) != 0)
		return err_errno(err, errno, "%s cannot be read", whole);
	if (!S_ISREG(st->st_mode) || st->st_nlink != 1)
		return err_set(err, E_CORRUPT, "%s: it is no file of its own", whole);
	if ((uint64_t)st->st_size > most)
		return err_set(err, E_LIMIT, "%s has %llu bytes, %llu are the most", whole,
			       (unsigned long long)st->st_size, (unsigned long long)most);
	return OK;
}

/* What stands in front of the empty line, into head. E_CORRUPT: there is none. */
static enum result read_head(int fd, const char *whole, struct buf *head, struct err *err)
{
	size_t seen = 0;
	for (;;) {
		char *to = buf_reserve(head, BLOCK);
		if (!to)
			return head->len + BLOCK > head->max
				       ? E_CORRUPT
				       : err_set(err, E_NOMEM, "no memory to read %s", whole);
		ssize_t n = pread(fd, to, BLOCK, (off_t)head->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? err_errno(err, errno, "%s cannot be read", whole) : E_CORRUPT;
		buf_grew(head, (size_t)n);
		char *bytes = buf_head(head);
		char *end = memmem(bytes + seen, head->len - seen, "\n\n", 2);
		if (end) {
			end[1] = '\0';
			head->len = (size_t)(end + 1 - bytes);
			return OK;
		}
		seen = head->len - 1; /* the first of the two may be the last that was read */
	}
}

/* A user's own file says who gets what; where it came in, and that it is urgent, is not the user's to say. */
static void distrust(struct mail_envelope *e, const struct stat *st)
{
	struct passwd entry, *p = NULL;
	char room[4096];
	const int64_t now = clock_wall(clock_system());
	if (st->st_uid == 0 || st->st_uid == geteuid())
		return;
	if (getpwuid_r(st->st_uid, &entry, room, sizeof room, &p) != 0)
		p = NULL;
	e->listener = "send";
	e->protocol = "local";
	e->client = "";
	e->repaired = "";
	e->helo = p ? region_strdup(e->region, p->pw_name)
		    : region_printf(e->region, "uid%ld", (long)st->st_uid);
	if (!e->helo)
		e->helo = "";
	if (e->priority == MAIL_URGENT)
		e->priority = MAIL_NORMAL;
	if (e->arrived > now || e->arrived < now - DAY_MS)
		e->arrived = now;
}

static enum result read_envelope(struct spool_maildrop_content *c, const char *whole,
				 const struct stat *st, struct mail_envelope *e, struct err *err)
{
	struct buf head;
	int64_t size;
	buf_init(&head, SPOOL_MAILDROP_ENVELOPE);
	enum result r = read_head(c->fd, whole, &head, err);
	c->at = head.len + 1;
	if (r == OK)
		r = take_envelope(e, buf_head(&head), &size);
	buf_free(&head);
	if (r == OK && (size < 0 || (uint64_t)size != (uint64_t)st->st_size - c->at))
		r = E_CORRUPT;
	if (r == OK) {
		c->size = (uint64_t)size;
		distrust(e, st);
	} else if (r == E_CORRUPT || r == E_NOMEM) {
		err_set(err, r, "%s: %s", whole,
			r == E_CORRUPT ? "it is not a maildrop file, or not whole"
				       : result_sentence(r));
	}
	return r;
}

enum result spool_maildrop_open(const char *path, const char *name, uint64_t most,
				struct region *region, struct mail_envelope *envelope,
				struct spool_maildrop_content *content, struct err *err)
{
	char whole[PATH_MAX];
	struct stat st;
	*content = (struct spool_maildrop_content){.fd = -1};
	enum result r = maildrop_path(whole, path, name, "", err);
	if (r == OK)
		r = open_file(whole, most, &content->fd, &st, err);
	if (r == OK) {
		mail_envelope_init(envelope, region);
		envelope->session = region_strdup(region, name);
		r = envelope->session ? read_envelope(content, whole, &st, envelope, err)
				      : err_set(err, E_NOMEM, "no memory to read %s", whole);
	}
	if (r != OK)
		spool_maildrop_close(content);
	return r;
}

enum result spool_maildrop_get(const struct spool_maildrop_content *c, uint64_t at, void *to,
			       size_t n, size_t *got)
{
	ssize_t len;
	*got = 0;
	if (at >= c->size)
		return OK;
	if (n > c->size - at)
		n = (size_t)(c->size - at);
	do
		len = pread(c->fd, to, n, (off_t)(c->at + at));
	while (len < 0 && errno == EINTR);
	if (len < 0)
		return result_of_errno(errno);
	*got = (size_t)len;
	return len ? OK : E_CORRUPT; /* somebody has cut it meanwhile */
}

void spool_maildrop_close(struct spool_maildrop_content *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}
