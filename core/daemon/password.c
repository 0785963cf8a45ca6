/* Secrets from standard input: see password.h. The terminal's echo is back on however the reading ends. */
#include "daemon/password.h"

#include <errno.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static enum result read_line(FILE *in, char *out, size_t n, struct err *why)
{
	if (!fgets(out, (int)n, in))
		return ferror(in) ? err_errno(why, errno, "the password cannot be read")
				  : err_set(why, E_CLOSED, "no password came");
	size_t len = strcspn(out, "\r\n");
	if (!out[len] && !feof(in)) {
		explicit_bzero(out, n);
		for (int c = 0; c != '\n' && c != EOF;) /* its rest is nobody's answer */
			c = fgetc(in);
		return err_set(why, E_LIMIT, "the password is longer than %zu bytes", n - 2);
	}
	out[len] = '\0';
	return OK;
}

static enum result ask(FILE *in, FILE *err, const char *prompt, char *out, size_t n,
		       struct err *why)
{
	struct termios shown, hidden;
	int fd = fileno(in);
	if (fd < 0 || tcgetattr(fd, &shown) != 0)
		return read_line(in, out, n, why);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	/* signals are left to the terminal: who ends the program there has a shell that puts echo back */
	if (tcsetattr(fd, TCSAFLUSH, &hidden) != 0)
		return err_errno(why, errno, "the terminal cannot be told to hide what is typed");
	fprintf(err, "%s", prompt);
	fflush(err);
	enum result r = read_line(in, out, n, why);
	tcsetattr(fd, TCSAFLUSH, &shown);
	fputc('\n', err);
	return r;
}

enum result password_read(FILE *in, FILE *err, const char *prompt, int twice, char *out, size_t n,
			  struct err *why)
{
	char again[1024];
	enum result r = ask(in, err, prompt, out, n, why);
	int fd = fileno(in);
	if (r != OK || !twice || fd < 0 || !isatty(fd))
		return r;
	r = ask(in, err, "the same again: ", again, n < sizeof again ? n : sizeof again, why);
	if (r == OK && strcmp(out, again) != 0)
		r = err_set(why, E_SYNTAX, "the two differ: nothing was changed");
	explicit_bzero(again, sizeof again);
	return r;
}
