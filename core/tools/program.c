/* The frame of the FFAPI programs: see program.h. Owns the log while they run. */
#include "tools/program.h"

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

static int begin_and_run(const struct ffapi_options *o, const char *name, ffapi_run run)
{
	struct story story;
	struct err err;
	if (story_begin(&story, name, stderr, o->log, &err) != OK) {
		story_error(&story, &err);
		return EXIT_FAILURE;
	}
	story_event(&story, "%s %s on %s", name, PACKAGE_VERSION, o->postoffice);
	int status = run(o, file_system(), clock_system(), &story);
	story_event(&story, "%s ends with %d", name, status);
	story_end(&story);
	return status;
}

int program_main(int argc, char **argv, const char *name, const char *help, ffapi_run run)
{
	struct ffapi_options o;
	struct err err;
	if (ffapi_options_parse(argc, argv, &o, &err) != OK) {
		fprintf(stderr, "%s: %s\n%s", name, err.text, help);
		return EX_USAGE;
	}
	if (o.version || o.help) {
		if (o.version)
			printf("%s (smtpgate) %s\n", name, PACKAGE_VERSION);
		else
			fputs(help, stdout);
		return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	return begin_and_run(&o, name, run);
}
