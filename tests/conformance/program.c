/*
 * smtpgate-transport-test FILE: the conformance suite over any transport module, as a table. Exits 0 when every test passed or
 * was excused by a capability, 1 when one failed, 64 for wrong usage, 78 when the module cannot be loaded or used as asked.
 */
#include "config.h"
#include "conformance/program.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { USAGE = 64, CONFIG = 78 };

/* X(letter, name, word for its value or NULL, help) */
#define OPTIONS(X)                                                                              \
	X('s', "set", "KEY=VALUE", "a setting of [vendor NAME]; may be repeated")               \
	X('p', "peer", "KIND", "twin: another stack of the module (default); kernel: sockets")  \
	X('S', "peer-set", "KEY=VALUE", "a setting of the twin, instead of those of --set")     \
	X('a', "host", "ADDRESS", "the stack's own address, without port")                      \
	X('A', "host6", "ADDRESS", "its IPv6 address; none: it has none")                       \
	X('r', "peer-host", "ADDRESS", "the peer's address")                                    \
	X('R', "peer-host6", "ADDRESS", "its IPv6 address; none: it has none")                  \
	X('d', "dead", "ADDRESS", "HOST:PORT that never answers (default: the peer makes one)") \
	X('n', "sessions", "N", "sessions at once in the largest test (default: 300)")          \
	X('b', "bulk", "SIZE", "bytes of each echo (default: 1M)")                              \
	X('N', "network-max", "SIZE", "what the network holds for a reader that does not read") \
	X('M', "memory-max", "SIZE", "what a connection may allocate for such a reader (64K)")  \
	X('I', "idle-max", "SIZE", "what an idle session may allocate (default: no bound)")     \
	X('o', "only", "TEST", "this test alone")                                               \
	X('l', "list", NULL, "the names of the tests")                                          \
	X('F', "no-fork", NULL, "all tests in this process, for a debugger")                    \
	X('h', "help", NULL, "this")                                                            \
	X('V', "version", NULL, "print the version")

static const struct option longs[] = {
#define LONG(letter, name, value, help) \
	{name, (value) != NULL ? required_argument : no_argument, NULL, letter},
	OPTIONS(LONG)
#undef LONG
		{NULL, 0, NULL, 0},
};

static void usage(FILE *to)
{
	static const struct {
		const char *name, *value, *help;
	} rows[] = {
#define HELP(letter, name, value, help) {name, value, help},
		OPTIONS(HELP)
#undef HELP
	};
	fputs("usage: smtpgate-transport-test [OPTIONS] FILE.so\n", to);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int n = fprintf(to, "  --%s%s%s", rows[i].name, rows[i].value ? " " : "",
				rows[i].value ? rows[i].value : "");
		fprintf(to, "%*s%s\n", n < 26 ? 26 - n : 1, "", rows[i].help);
	}
}

static int wrong(const char *what, const char *text)
{
	fprintf(stderr, "smtpgate-transport-test: %s: %s\n  smtpgate-transport-test --help\n", text,
		what);
	return USAGE;
}

/* KEY=VALUE; the text of the argument is cut at its =. */
static bool add_setting(struct conformance_setting *list, size_t *count, char *text)
{
	char *value = strchr(text, '=');
	if (!value || value == text || *count == PROGRAM_SETTINGS_MAX)
		return false;
	*value = '\0';
	list[(*count)++] = (struct conformance_setting){.name = text, .text = value + 1};
	return true;
}

/* A number with K or M behind it. */
static bool number(const char *text, size_t least, size_t *out)
{
	char *end;
	errno = 0;
	unsigned long long n = strtoull(text, &end, 10);
	unsigned shift = *end == 'K' ? 10 : *end == 'M' ? 20 : 0;
	if (errno || end == text || !isdigit((unsigned char)*text) || end[shift != 0] ||
	    n > 1u << 30)
		return false;
	*out = (size_t)n << shift;
	return *out >= least;
}

static bool peer_kind(struct conformance_bed *bed, const char *text)
{
	if (strcmp(text, "twin") == 0)
		bed->peer = &conformance_peer_twin;
	else if (strcmp(text, "kernel") == 0)
		bed->peer = &conformance_peer_kernel;
	else
		return false;
	return true;
}

static bool is_test(const char *name)
{
	for (size_t i = 0; i < conformance_count(); i++)
		if (strcmp(conformance_name(i), name) == 0)
			return true;
	return false;
}

/* The option that this letter stands for, when it is an address. */
static const char **address_option(struct conformance_bed *b, int letter)
{
	switch (letter) {
	case 'a':
		return &b->host;
	case 'A':
		return &b->host6;
	case 'r':
		return &b->peer_host;
	case 'R':
		return &b->peer_host6;
	default:
		return letter == 'd' ? &b->dead : NULL;
	}
}

/* One option with a value; false: the value is faulty. */
static bool take(struct program *p, int letter, char *value)
{
	const char **address = address_option(&p->bed, letter);
	if (address)
		return strlen(*address = value) > 0;
	struct conformance_bed *b = &p->bed;
	size_t n = 0;
	switch (letter) {
	case 's':
		return add_setting(p->settings, &p->setting_count, value);
	case 'S':
		return add_setting(p->peer_settings, &p->peer_setting_count, value);
	case 'p':
		return peer_kind(b, value);
	case 'n':
		if (!number(value, 1, &n) || n > 100000)
			return false;
		b->sessions = (unsigned)n;
		return true;
	case 'b':
		return number(value, 1, &b->bulk);
	case 'N':
		return number(value, 1, &b->network_max);
	case 'M':
		return number(value, 1, &b->memory_max);
	case 'I':
		return number(value, 0, &b->idle_max);
	default:
		p->only = value;
		return is_test(value);
	}
}

/* -1: go on; else the status to end with. */
static int options(struct program *p, int argc, char **argv)
{
	for (int letter; (letter = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
		if (letter == '?')
			return USAGE;
		if (letter == 'h')
			return usage(stdout), 0;
		if (letter == 'V')
			return puts("smtpgate-transport-test " PACKAGE_VERSION), 0;
		if (letter == 'l') {
			for (size_t i = 0; i < conformance_count(); i++)
				puts(conformance_name(i));
			return 0;
		}
		if (letter == 'F')
			p->no_fork = true;
		else if (!take(p, letter, optarg))
			return wrong("faulty value", optarg);
	}
	if (optind != argc - 1)
		return usage(stderr), USAGE;
	p->file = argv[optind];
	return -1;
}

/* Two descriptors for each session and its peer's. */
static void raise_descriptors(void)
{
	struct rlimit r;
	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

int main(int argc, char **argv)
{
	static struct program p = {
		.bed = {.peer = &conformance_peer_twin,
			.bulk = 1 << 20,
			.network_max = 24 << 20,
			.memory_max = 64 << 10,
			.sessions = 300},
	};
	int status = options(&p, argc, argv);
	if (status >= 0)
		return status;
	raise_descriptors();
	p.bed.settings = p.settings;
	p.bed.peer_settings = p.peer_setting_count ? p.peer_settings : p.settings;
	if (!program_load(&p) || !program_learn(&p))
		return CONFIG;
	return program_run(&p, stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
