/* A users' file with Anna in it, for the tests of SASL: made once a test, in the scratch folder. */
#ifndef SMTPGATE_TESTS_AUTH_PEOPLE_H
#define SMTPGATE_TESTS_AUTH_PEOPLE_H

#include "auth/users.h"

#define ANNA "Anna"
#define ANNA_PASSWORD "s3cret: \xc3\xa4=,"

/* Read from disk; the caller destroys it. */
struct users *people(void);

#endif
