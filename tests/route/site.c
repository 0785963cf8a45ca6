/* The shared site: see site.h. */
#include "route/site.h"

#include "base/text.h"

#include <string.h>

static struct net_block all[1], lan[1], relay[3];
static struct conf_pattern any[] = {{CONF_PATTERN_ALL, false, "*"}};

/* Arrays as lists of settings; further members are left empty. */
#define LIST(array)                                                      \
	{                                                                \
		.items = array, .count = sizeof(array) / sizeof *(array) \
	}
#define NETS(array)                                                       \
	{                                                                 \
		.blocks = array, .count = sizeof(array) / sizeof *(array) \
	}

static struct conf_pattern blocked[] = {{CONF_PATTERN_ADDRESS, false, "ceo@evil.example"},
					{CONF_PATTERN_DOMAIN, false, "blocked.example"}};
static struct conf_pattern quarantine[] = {{CONF_PATTERN_SUFFIX, false, ".hold.example"}};
static struct conf_pattern waste[] = {{CONF_PATTERN_DOMAIN, false, "waste.example"}};
static struct conf_pattern partner[] = {{CONF_PATTERN_DOMAIN, true, "not.partner.example"},
					{CONF_PATTERN_SUFFIX, false, ".partner.example"},
					{CONF_PATTERN_DOMAIN, false, "partner.example"},
					{CONF_PATTERN_DOMAIN, false, "[192.0.2.9]"},
					{CONF_PATTERN_DOMAIN, false, "[127.0.0.1]"},
					{CONF_PATTERN_DOMAIN, false, "[ipv6:::1]"}};
static struct conf_pattern by_sender[] = {{CONF_PATTERN_ADDRESS, false, "scan@company.com"}};

static const struct conf_postoffice postoffices[] = {
	{.name = "COMPANY/HQ",
	 .domains = {.items = (const char *[]){"hq.company.com", "company.com"}, .count = 2},
	 .path = "/srv/hq",
	 .mailboxes = CONF_MAILBOXES_EXISTING,
	 .admin = "admin"},
	{.name = "COMPANY/ANY",
	 .domains = {.items = (const char *[]){"any.company.com", ".branch.company.com"},
		     .count = 2},
	 .path = "/srv/any",
	 .mailboxes = CONF_MAILBOXES_ANY,
	 .admin = "chief"},
	{.name = "COMPANY/NORTH",
	 .domains = {.items = (const char *[]){"north.company.com", ".north.branch.company.com"},
		     .count = 2},
	 .path = "/srv/north",
	 .mailboxes = CONF_MAILBOXES_EXISTING,
	 .admin = "admin"},
};

static const struct conf_route routes[] = {
	{.name = "blocked",
	 .match = LIST(blocked),
	 .sender = LIST(any),
	 .client = NETS(all),
	 .what = CONF_REJECT,
	 .reject_text = "we do not write to them"},
	{.name = "quarantine",
	 .match = LIST(quarantine),
	 .sender = LIST(any),
	 .client = NETS(all),
	 .what = CONF_HOLD},
	{.name = "waste",
	 .match = LIST(waste),
	 .sender = LIST(any),
	 .client = NETS(all),
	 .what = CONF_DISCARD},
	{.name = "partner",
	 .match = LIST(partner),
	 .sender = LIST(any),
	 .client = NETS(all),
	 .mx = true},
	{.name = "scanner",
	 .match = LIST(any),
	 .sender = LIST(by_sender),
	 .client = NETS(all),
	 .listener = "lan",
	 .smart_hosts = {.items = (const char *[]){"Scan.example.net:25"}, .count = 1}},
	{.name = "lanonly",
	 .match = LIST(any),
	 .sender = LIST(any),
	 .client = NETS(lan),
	 .smart_hosts = {.items = (const char *[]){"lan.example.net:25"}, .count = 1}},
	{.name = "default",
	 .match = LIST(any),
	 .sender = LIST(any),
	 .client = NETS(all),
	 .smart_hosts = {.items = (const char *[]){"Smtp.Example.net:587", "backup.example.net:25"},
			 .count = 2}},
};

/* Mailboxes as they are named on disk. */
static bool mailbox(void *ctx, const struct conf_postoffice *p, const char *name, char *on_disk,
		    size_t n)
{
	static const char *const hq[] = {"Bob", "admin", "o'neil", "a b", NULL};
	static const char *const chief[] = {"Chief", NULL};
	const char *const *names = strcmp(p->name, "COMPANY/HQ") == 0    ? hq
				   : strcmp(p->name, "COMPANY/ANY") == 0 ? chief
									 : hq + 4;
	(void)ctx;
	for (; *names; names++)
		if (text_same(*names, name))
			return text_copy(on_disk, n, *names);
	return false;
}

struct site *site_make(bool with_routes)
{
	static struct site s;
	static struct conf_postoffice own_postoffices[3];
	static struct conf_route own_routes[sizeof routes / sizeof *routes];
	memcpy(own_postoffices, postoffices, sizeof postoffices);
	memcpy(own_routes, routes, sizeof routes);
	net_block_parse("all", &all[0], NULL);
	net_block_parse("10.1.0.0/16", &lan[0], NULL);
	net_block_parse("127.0.0.0/8", &relay[0], NULL);
	net_block_parse("::1", &relay[1], NULL);
	net_block_parse("10.1.0.0/16", &relay[2], NULL);
	s = (struct site){
		.settings = {.gateway = {.hostname = "gw.company.com",
					 .origin = "company.com",
					 .admin = "postmaster@company.com"},
			     .postoffices = own_postoffices,
			     .postoffice_count = 3,
			     .routes = own_routes,
			     .route_count = with_routes ? sizeof routes / sizeof *routes : 0},
		.listen = {.name = "lan", .relay_from = NETS(relay), .accept_from = NETS(all)}};
	s.world = (struct route_world){.settings = &s.settings, .mailbox = mailbox};
	return &s;
}
