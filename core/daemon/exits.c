/* The exit status of a failure: see exits.h. */
#include "daemon/exits.h"

enum exit_status exit_of_result(enum result r)
{
	switch (r) {
	case OK:
		return EXIT_DONE;
	case E_CONFIG:
	case E_VERSION:
		return EXIT_CONFIG;
	case E_NOMEM:
	case E_BUSY:
	case E_FULL:
	case E_IO:
	case E_TIMEOUT:
		return EXIT_TEMPORARY;
	default:
		return EXIT_FAILED;
	}
}
