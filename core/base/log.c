/*
 * The log: see log.h. One mutex; a line is composed on the stack of the caller (LINE_MAX_BYTES, longer ones end
 * in "...") and written with one write per target. Owns the descriptors of file, journal and syslog targets.
 */
#include "base/log.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096
#define TARGETS_MAX 8
#define KEPT_MAX (256u * 1024) /* bytes kept while standard error is held */

enum target_kind { TO_STDERR, TO_JOURNAL, TO_SYSLOG, TO_FILE };

struct target {
	enum target_kind kind;
	int fd;
	char path[1024];
};

static struct {
	pthread_mutex_t lock;
	struct log_settings settings;
	struct target targets[TARGETS_MAX];
	size_t count;
	void (*tap)(const char *line, void *ctx);
	void *tap_ctx;
	bool held; /* lines for standard error go to kept */
	char *kept;
	size_t kept_len, kept_lost;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER, .settings = {.level = 2}};

/* A line under construction; writing past the end marks it as cut. */
struct line {
	char text[LINE_MAX_BYTES];
	size_t len;
	bool cut;
};

static void put(struct line *l, const char *bytes, size_t n)
{
	size_t room = sizeof l->text - 8 - l->len; /* "..." and the quotes and braces of the end */
	if (n > room) {
		n = room;
		l->cut = true;
	}
	memcpy(l->text + l->len, bytes, n);
	l->len += n;
}

static void puts_(struct line *l, const char *s)
{
	put(l, s, strlen(s));
}

/* Length of the character at s that may be shown as it is; 0: a control character (of C0 or C1) or no UTF-8. */
static size_t printable(const char *s)
{
	unsigned char c = (unsigned char)s[0];
	bool c1 = c == 0xc2 && (unsigned char)s[1] < 0xa0;
	return c < ' ' || c == 0x7f || c1 ? 0 : text_utf8(s);
}

static bool plain(const char *s)
{
	if (!*s)
		return false;
	for (size_t n; *s; s += n) {
		n = printable(s);
		if (!n || *s == ' ' || *s == '"' || *s == '\\')
			return false;
	}
	return true;
}

/* How a byte is written that cannot stand for itself; n >= 8. JSON has no \x: there it is the text of one. */
static void escape(unsigned char c, bool json, char *out, size_t n)
{
	if (c == '"' || c == '\\')
		snprintf(out, n, "\\%c", c);
	else if (c == '\n')
		snprintf(out, n, "\\n");
	else if (json && c < 0x80)
		snprintf(out, n, "\\u%04x", c);
	else
		snprintf(out, n, json ? "\\\\x%02x" : "\\x%02x", c);
}

/* In double quotes. */
static void put_quoted(struct line *l, const char *s, bool json)
{
	puts_(l, "\"");
	while (*s) {
		size_t n = *s == '"' || *s == '\\' ? 0 : printable(s);
		if (n) {
			put(l, s, n);
			s += n;
		} else {
			char escaped[8];
			escape((unsigned char)*s++, json, escaped, sizeof escaped);
			puts_(l, escaped);
		}
	}
	puts_(l, "\"");
}

static void put_word(struct line *l, const char *s, bool json)
{
	if (!json && plain(s))
		puts_(l, s);
	else
		put_quoted(l, s, json);
}

static const char *address_shown(const char *address, char *out, size_t n)
{
	const char *at = strrchr(address, '@');
	switch (state.settings.addresses) {
	case LOG_ADDR_HASHED:
		snprintf(out, n, "#%016llx",
			 (unsigned long long)text_hash(address, strlen(address), 0));
		return out;
	case LOG_ADDR_DOMAIN:
		return at ? at : *address ? "-" : "";
	default:
		return address;
	}
}

static void put_field(struct line *l, const struct log_field *f, bool json)
{
	char hidden[32], number[32];
	if (json) {
		puts_(l, ",");
		put_quoted(l, f->key, true);
		puts_(l, ":");
	} else {
		puts_(l, " ");
		puts_(l, f->key);
		puts_(l, "=");
	}
	if (f->kind == LOG_F_NUMBER) {
		snprintf(number, sizeof number, "%lld", (long long)f->number);
		puts_(l, number);
		return;
	}
	const char *text =
		f->kind == LOG_F_ADDRESS ? address_shown(f->text, hidden, sizeof hidden) : f->text;
	if (!json && f->kind == LOG_F_ADDRESS && (!*text || plain(text))) {
		puts_(l, "<");
		puts_(l, text);
		puts_(l, ">");
	} else {
		put_word(l, text, json);
	}
}

static const char *const level_words[] = {"error", "warn", "info", "debug"};

static void compose(struct line *l, enum log_level level, const char *id, const char *noun,
		    const char *verb, const struct log_field *fields)
{
	bool json = state.settings.format == LOG_JSON;
	char short_id[128]; /* so that a line's head is never cut */
	text_copy(short_id, sizeof short_id, id);
	l->len = 0;
	l->cut = false;
	if (json) {
		char now[32];
		puts_(l, "{\"time\":");
		put_quoted(l, text_time((int64_t)time(NULL) * 1000, now, sizeof now), true);
		puts_(l, ",\"level\":");
		put_quoted(l, level_words[level], true);
		puts_(l, ",\"id\":");
		put_word(l, short_id, true);
		puts_(l, ",\"event\":\"");
		puts_(l, noun);
		puts_(l, " ");
		puts_(l, verb);
		puts_(l, "\"");
	} else {
		put_word(l, short_id, false);
		puts_(l, " ");
		puts_(l, noun);
		puts_(l, " ");
		puts_(l, verb);
	}
	for (const struct log_field *f = fields; f->key; f++) {
		size_t before = l->len;
		if (f->kind != LOG_F_NUMBER && !f->text)
			continue;
		put_field(l, f, json);
		if (l->cut) { /* a whole field less rather than half a JSON string */
			if (json)
				l->len = before;
			while ((unsigned char)l->text[l->len - 1] >=
			       0x80) /* nor half a character */
				l->len--;
			break;
		}
	}
	const char *end = json ? l->cut ? ",\"+\":1}" : "}" : l->cut ? "..." : "";
	memcpy(l->text + l->len, end, strlen(end) + 1);
	l->len += strlen(end);
}

static const int priorities[] = {3, 4, 6, 7}; /* RFC 5424 severities of our levels */

static const char *syslog_path = "/dev/log";

static int open_syslog(void)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	text_copy(un.sun_path, sizeof un.sun_path, syslog_path);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&un, sizeof un) != 0) {
		int e = errno;
		close(fd);
		errno = e;
		return -1;
	}
	return fd;
}

/* A full or absent syslog must never stop mail. One that was started anew has another socket behind the name. */
static void send_syslog(struct target *t, const char *line, size_t n)
{
	if (send(t->fd, line, n, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 || errno == EAGAIN)
		return;
	int fd = open_syslog();
	if (fd < 0)
		return;
	close(t->fd);
	t->fd = fd;
	send(fd, line, n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void write_line(int fd, const char *bytes, size_t n)
{
	while (n) {
		ssize_t w = write(fd, bytes, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return; /* nowhere to complain; the other targets still get it */
		bytes += w;
		n -= (size_t)w;
	}
}

static void keep(const char *line, size_t n)
{
	char *more =
		n <= KEPT_MAX - state.kept_len ? realloc(state.kept, state.kept_len + n) : NULL;
	if (!more) {
		state.kept_lost++;
		return;
	}
	memcpy(more + state.kept_len, line, n);
	state.kept = more;
	state.kept_len += n;
}

void log_hold(void)
{
	pthread_mutex_lock(&state.lock);
	state.held = true;
	pthread_mutex_unlock(&state.lock);
}

void log_release(void)
{
	char lost[64];
	pthread_mutex_lock(&state.lock);
	if (state.held)
		write_line(STDERR_FILENO, state.kept, state.kept_len);
	if (state.kept_lost) {
		int n = snprintf(lost, sizeof lost, "%zu lines of the log were lost\n",
				 state.kept_lost);
		write_line(STDERR_FILENO, lost, (size_t)n);
	}
	free(state.kept);
	state.kept = NULL;
	state.kept_len = state.kept_lost = 0;
	state.held = false;
	pthread_mutex_unlock(&state.lock);
}

static void emit(struct target *t, enum log_level level, const struct line *l)
{
	char head[64], stamp[32];
	int n = 0;
	if (t->kind == TO_SYSLOG) {
		time_t now = time(NULL);
		struct tm tm;
		localtime_r(&now, &tm);
		strftime(stamp, sizeof stamp, "%b %e %H:%M:%S", &tm);
		n = snprintf(head, sizeof head,
			     "<%d>%s smtpgate[%ld]: ", (2 << 3) | priorities[level], stamp,
			     (long)getpid());
	} else if (t->kind == TO_JOURNAL) {
		n = snprintf(head, sizeof head, "<%d>", priorities[level]);
	} else if (state.settings.format == LOG_TEXT) {
		n = snprintf(head, sizeof head, "%s ",
			     text_time((int64_t)time(NULL) * 1000, stamp, sizeof stamp));
	}
	char whole[LINE_MAX_BYTES + 80];
	memcpy(whole, head, (size_t)n);
	memcpy(whole + n, l->text, l->len);
	size_t len = (size_t)n + l->len;
	if (t->kind == TO_SYSLOG) {
		send_syslog(t, whole, len);
		return;
	}
	whole[len++] = '\n';
	if (state.held && t->fd == STDERR_FILENO)
		keep(whole, len);
	else
		write_line(t->fd, whole, len);
}

void log_event(enum log_level level, const char *id, const char *noun, const char *verb,
	       const struct log_field *fields)
{
	if (!log_wants(level))
		return;
	struct line l;
	pthread_mutex_lock(&state.lock);
	compose(&l, level, id ? id : "-", noun, verb, fields);
	for (size_t i = 0; i < state.count; i++)
		emit(&state.targets[i], level, &l);
	if (!state.count) {
		static struct target fallback = {.kind = TO_STDERR, .fd = STDERR_FILENO};
		emit(&fallback, level, &l);
	}
	if (state.tap)
		state.tap(l.text, state.tap_ctx);
	pthread_mutex_unlock(&state.lock);
}

bool log_wants(enum log_level level)
{
	return level <= __atomic_load_n(&state.settings.level, __ATOMIC_RELAXED);
}

void log_configure(const struct log_settings *s)
{
	pthread_mutex_lock(&state.lock);
	__atomic_store_n(&state.settings.level, s->level, __ATOMIC_RELAXED);
	state.settings.format = s->format;
	state.settings.addresses = s->addresses;
	pthread_mutex_unlock(&state.lock);
}

static int open_file(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
}

/* Is standard error connected to the journal? (systemd.exec(5): JOURNAL_STREAM names device and inode.) */
static bool under_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat st;
	unsigned long long dev, ino;
	return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

enum result log_open(const char *target, struct err *err)
{
	struct target t = {.kind = TO_STDERR, .fd = STDERR_FILENO};
	if (strcmp(target, "auto") == 0)
		t.kind = under_journal() ? TO_JOURNAL : TO_STDERR;
	else if (strcmp(target, "journal") == 0)
		t.kind = TO_JOURNAL;
	else if (strcmp(target, "syslog") == 0)
		t.kind = TO_SYSLOG;
	else if (text_starts(target, "file:/"))
		t.kind = TO_FILE;
	else if (strcmp(target, "stderr") != 0)
		return err_set(
			err, E_SYNTAX,
			"\"%s\" is no place to log to (auto, stderr, journal, syslog, file:/path)",
			target);
	if (t.kind == TO_FILE) {
		if (!text_copy(t.path, sizeof t.path, target + strlen("file:")))
			return err_set(err, E_LIMIT, "%s: the name is too long", target);
		t.fd = open_file(t.path);
	} else if (t.kind == TO_SYSLOG) {
		t.fd = open_syslog();
	}
	if (t.fd < 0)
		return err_errno(err, errno, "the log %s cannot be opened",
				 t.kind == TO_FILE ? t.path : syslog_path);
	pthread_mutex_lock(&state.lock);
	bool room = state.count < TARGETS_MAX;
	if (room)
		state.targets[state.count++] = t;
	pthread_mutex_unlock(&state.lock);
	if (room)
		return OK;
	if (t.fd != STDERR_FILENO)
		close(t.fd);
	return err_set(err, E_LIMIT, "more than %d places to log to", TARGETS_MAX);
}

enum result log_reopen(struct err *err)
{
	enum result r = OK;
	pthread_mutex_lock(&state.lock);
	for (size_t i = 0; i < state.count; i++) {
		struct target *t = &state.targets[i];
		if (t->kind != TO_FILE)
			continue;
		int fd = open_file(t->path);
		if (fd < 0) {
			r = err_errno(err, errno, "the log %s cannot be opened again", t->path);
			continue;
		}
		close(t->fd);
		t->fd = fd;
	}
	pthread_mutex_unlock(&state.lock);
	return r;
}

void log_close(void)
{
	pthread_mutex_lock(&state.lock);
	for (size_t i = 0; i < state.count; i++)
		if (state.targets[i].fd != STDERR_FILENO)
			close(state.targets[i].fd);
	state.count = 0;
	pthread_mutex_unlock(&state.lock);
}

void log_syslog_path(const char *path)
{
	pthread_mutex_lock(&state.lock);
	syslog_path = path ? path : "/dev/log";
	pthread_mutex_unlock(&state.lock);
}

void log_tap(void (*fn)(const char *line, void *ctx), void *ctx)
{
	pthread_mutex_lock(&state.lock);
	state.tap = fn;
	state.tap_ctx = ctx;
	pthread_mutex_unlock(&state.lock);
}
