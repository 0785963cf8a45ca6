/* smtpgate: see smtpgate(1). */
#include "daemon/invoke.h"

int main(int argc, char **argv)
{
	enum exit_status status = invoke(argc, argv, stdin, stdout, stderr);
	/* A full disk behind > must not look like success. */
	if (fflush(stdout) != 0 && status == EXIT_DONE)
		status = EXIT_FAILED;
	return (int)status;
}
