/*
 * A site that route's tests share: settings filled by hand, and mailboxes in memory.
 *
 *	postoffices  COMPANY/HQ: hq.company.com, company.com (existing mailboxes: Bob, admin,
 *"o'neil") COMPANY/ANY: any.company.com, .branch.company.com (any mailbox; admin "chief")
 *	             COMPANY/NORTH: .north.branch.company.com (existing)
 *	routes       blocked (reject), quarantine (hold), waste (discard), partner (mx), lanonly
 *(client), default (smart) listener     lan: relay_from 127.0.0.0/8 ::1 10.1.0.0/16, accept_from
 *all
 */
#ifndef SMTPGATE_TESTS_ROUTE_SITE_H
#define SMTPGATE_TESTS_ROUTE_SITE_H

#include "route/route.h"

struct site {
	struct settings settings;
	struct conf_listen listen;
	struct route_world world;
};

/* Fills it anew; everything is static. With `routes` false it has none. */
struct site *site_make(bool routes);

#endif
