/* People: see people.h. */
#include "auth/people.h"

#include "support/suite.h"

#include <stdio.h>
#include <unistd.h>

struct users *people(void)
{
	char path[512];
	bool added;
	struct users *u = NULL;
	struct err e;
	snprintf(path, sizeof path, "%s/people", suite_scratch());
	unlink(path);
	ck_assert_msg(users_put(file_system(), clock_system(), path, ANNA, ANNA_PASSWORD, &added,
				&e) == OK,
		      "%s", e.text);
	ck_assert_msg(users_read(path, &u, &e) == OK, "%s", e.text);
	return u;
}
