/*
 * A program run to its end, with a time limit: its own process group, what it says kept. Linux.
 */
#ifndef SMTPGATE_BASE_SPAWN_H
#define SMTPGATE_BASE_SPAWN_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/result.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPAWN_GIVE_MAX 8

/* A program made with these fills its address space from the start. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SPAWN_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SPAWN_SANITIZED true
#endif
#endif
#ifndef SPAWN_SANITIZED
#define SPAWN_SANITIZED false
#endif

struct spawn {
	const char *const
		*argv; /* argv[0] is looked up in PATH when it has no slash; NULL at the end */
	int64_t limit; /* ms, then it and its children are killed */
	const atomic_bool *stop; /* may be NULL; when it becomes true: as if the time were over */
	const char *input;       /* its standard input, a string; NULL: nothing */
	const int *give;         /* descriptors that it gets as 3, 4, ...; SPAWN_GIVE_MAX at most */
	size_t give_count;
	/* What it may use, 0: as much as we may: bytes of address space, bytes of a file, seconds of processor. Set right
	 * after it was started; its children inherit them. The address space is not bounded under sanitizers, which fill it. */
	uint64_t memory, file_size, cpu;
	/* Gets what it says on standard output, as it is and up to its bound; NULL: that goes into words. For secrets: make
	 * room first. */
	struct buf *said;
	/* Filled: */
	int status; /* its exit status; 128 + N when signal N ended it */
	int signal; /* which; 0: none did */
	char words
		[512]; /* the beginning of what it said on standard output and error, line ends as blanks */
};

/*
 * Runs it; blocks, so not for a thread that serves others. OK: it ended by itself, status says how. E_TIMEOUT: it was
 * killed; E_CANCELLED: killed by stop; E_NOTFOUND, E_DENIED, ...: it cannot be started.
 */
enum result spawn_run(struct spawn *s, const struct clock *clock, struct err *err);

/* Says of one that ran, but not with status 0, how it ended, with its words; gives code. */
enum result spawn_failed(const struct spawn *s, enum result code, struct err *err);

#define SPAWN_WORDS 64 /* of a command */
#define SPAWN_MORE 8   /* that may be put behind them */

/* A command of the settings in words: split at blanks, without quotes or a shell. */
struct spawn_command {
	char text[1024];
	const char *argv[SPAWN_WORDS + SPAWN_MORE + 1]; /* point into text; NULL at the end */
	size_t count;
};

/* E_CONFIG: no word; E_LIMIT: above 1023 bytes or SPAWN_WORDS words. */
enum result spawn_split(struct spawn_command *c, const char *command, struct err *err);
/* One word more, borrowed. E_LIMIT: above SPAWN_MORE. */
enum result spawn_append(struct spawn_command *c, const char *word, struct err *err);

/* Is the program of a command of the settings there to be run, with a slash, beside the one that runs, or in PATH? E_NOTFOUND, E_DENIED and
 * as spawn_split: err says of which. */
enum result spawn_look(const char *command, struct err *err);

/*
 * Where a program of ours is: beside the one that runs, as in a build folder, else in `folder` (NULL: its name alone, to be looked up in
 * PATH). False: the path is longer than n.
 */
bool spawn_find(const char *name, const char *folder, char *path, size_t n);

#endif
