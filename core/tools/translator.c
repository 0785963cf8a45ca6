/*
 * smtpgate-translate: a mail into a message of MMFF, in a process of its own, so that a mail that kills it costs nobody else anything. Started by
 * the gateway alone: descriptor 3 is the mail, 4 the message to be, 5 the sheet (translate/sheet.h), 6 scratch space. Says what
 * became of the characters on standard output; exits 0, or 75 having said why.
 */
#include "translate/incoming.h"

#include <fcntl.h>
#include <stdio.h>
#include <sysexits.h>

/* The mail by a description of our own: others may be reading through the one that was given. */
static int open_mail(void)
{
	int fd = open("/proc/self/fd/3", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		perror("smtpgate-translate: /proc/self/fd/3");
	return fd;
}

int main(int argc, char **argv)
{
	struct incoming i = {.mail = -1, .out = 4, .sheet = 5, .scratch = 6};
	struct mime_told told;
	struct err err;
	(void)argv;
	if (argc != 1 || fcntl(6, F_GETFD) < 0) {
		fputs("smtpgate-translate is started by the gateway\n", stderr);
		return EX_USAGE;
	}
	i.mail = open_mail();
	if (i.mail < 0)
		return EX_TEMPFAIL;
	mime_begin();
	enum result r = incoming_translate(&i, &told, &err);
	mime_end();
	if (r != OK) {
		printf("%s\n", err.text);
		return EX_TEMPFAIL;
	}
	printf("changed=%llu lost=%llu%s%s\n", (unsigned long long)told.changed,
	       (unsigned long long)told.lost, told.whole ? " whole: " : "",
	       told.whole ? told.whole : "");
	return EX_OK;
}
