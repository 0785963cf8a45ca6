/* derive: defaults that depend on other keys, the host, and how the program was started; implied sections. */
#include "conf/fake.h"
#include "support/suite.h"

#include <string.h>

static void load_as(const char *text, const struct conf_overrides *o)
{
	enum result r = fake_load_with(text, strlen(text), o);
	ck_assert_msg(r == OK, "%s", fake_faults());
}

static void shows(const char *section, const char *line)
{
	const char *printed = fake_print(section, false);
	if (!printed || !strstr(printed, line))
		ck_abort_msg("no %s in\n%s", line, printed);
}

START_TEST(names_follow_the_host)
{
	load_as("", NULL);
	shows("gateway", "hostname = host.example ; the host's name\n");
	shows("gateway", "origin = host.example ; derived from hostname\n");
	shows("gateway", "admin = postmaster@host.example ; derived from origin\n");
	load_as("", &(struct conf_overrides){.hostname = "told.example"});
	ck_assert_str_eq(fake_settings()->gateway.hostname, "told.example");
	load_as("[gateway]\nhostname = gw.company.com\n[route r]\nmatch = a.b\n", NULL);
	shows("gateway", "hostname = gw.company.com ; /gw.ini:2\n");
	shows("gateway", "admin = postmaster@gw.company.com ; derived from origin\n");
	shows("route r", "helo = gw.company.com ; [gateway] hostname\n");
	load_as("[gateway]\norigin = company.com\nadmin = root\n", NULL);
	shows("gateway", "admin = root@company.com ; /gw.ini:3\n");
	fake_free();
}
END_TEST

START_TEST(hosts_without_a_good_name)
{
	fake_hostname("short");
	load_as("", NULL);
	ck_assert_str_eq(fake_faults(),
			 "/gw.ini: warning: hostname: \"short\" has no dot (set hostname in "
			 "[gateway] to the full name)\n0 errors, 1 warning\n");
	fake_hostname("my host");
	load_as("\n[gateway]\n", NULL);
	ck_assert_str_eq(fake_settings()->gateway.hostname, "localhost");
	ck_assert_ptr_nonnull(strstr(
		fake_faults(), "/gw.ini:2: warning: the host's name \"my host\" is no domain name: "
			       "localhost is taken (set hostname in [gateway])\n"));
	fake_hostname("");
	load_as("[gateway]\nhostname = a.b\n", NULL);
	ck_assert_str_eq(fake_faults(), "");
	fake_free();
}
END_TEST

START_TEST(pickup_folders)
{
	load_as("[gateway]\norigin = company.com\nmax_size = 9M\n[pickup a]\npath = /in\nsender = "
		"erp\nrecipient = x@y.z\n",
		NULL);
	shows("pickup a", "archive = /in/archive ; derived from path\n");
	shows("pickup a", "max_size = 9M ; [gateway] max_size\n");
	shows("pickup a", "sender = erp@company.com ; /gw.ini:6\n");
	shows("pickup a", "recipient = x@y.z ; /gw.ini:7\n");
	fake_free();
}
END_TEST

START_TEST(control_socket)
{
	load_as("[gateway]\nspool = /s\n", NULL);
	shows("gateway", "control = /s/control ; derived from spool\n");
	load_as("[gateway]\nspool = /s\n", &(struct conf_overrides){.service = true});
	shows("gateway", "control = " RUNSTATEDIR "/smtpgate/control ; default of a service\n");
	load_as("", &(struct conf_overrides){.service = true, .instance = "two"});
	shows("gateway", "control = " RUNSTATEDIR "/smtpgate/two/control ; default of a service\n");
	load_as("[gateway]\ncontrol = /c\n", &(struct conf_overrides){.service = true});
	shows("gateway", "control = /c ; /gw.ini:2\n");
	fake_free();
}
END_TEST

START_TEST(listeners_and_routes_inherit)
{
	load_as("[listen a]\naddress = *:1\n[listen b]\naddress = *:2\nvendor = xln\nmax_size = "
		"1M\n"
		"[route a]\nmatch = a.b\n[route b]\nvendor = nvl\nretry = 7m\nlifetime = "
		"1h\nwarn_after = 9m\n"
		"[gateway]\nvendor = ftp\nmax_size = 2M\n[queue]\nretry = 3m\nlifetime = "
		"2d\nwarn_after = 2h\n",
		NULL);
	const struct settings *s = fake_settings();
	ck_assert_str_eq(s->listens[0].vendor, "ftp");
	ck_assert_uint_eq(s->listens[0].max_size, 2u << 20);
	ck_assert_str_eq(s->listens[1].vendor, "xln");
	ck_assert_uint_eq(s->listens[1].max_size, 1u << 20);
	ck_assert_str_eq(s->routes[0].vendor, "ftp");
	ck_assert_int_eq(s->routes[0].retry.ms[0], 180000);
	ck_assert_int_eq(s->routes[0].lifetime, 2 * 86400000);
	ck_assert_int_eq(s->routes[0].warn_after, 2 * 3600000);
	ck_assert_str_eq(s->routes[1].vendor, "nvl");
	ck_assert_uint_eq(s->routes[1].retry.count, 1);
	ck_assert_int_eq(s->routes[1].retry.ms[0], 420000);
	ck_assert_int_eq(s->routes[1].lifetime, 3600000);
	shows("listen a", "max_size = 2M ; [gateway] max_size\n");
	shows("route a", "retry = 3m ; [queue] retry\n");
	shows("route b", "retry = 7m ; /gw.ini:11\n");
	shows("route a", "from = keep ; default\n");
	ck_assert_ptr_null(conf_route_as(&s->routes[0], s->routes[0].from));
	fake_free();
}
END_TEST

/* Of several sections of a kind the one that is named, whatever its case and place; of a kind without names the one there is. */
START_TEST(found_by_kind_and_name)
{
	load_as("[route r]\noauth = TWO\n"
		"[oauth one]\nclient_id = id\nuser = one@x.y\n"
		"[queue]\nlifetime = 3d\n"
		"[oauth two]\nclient_id = id\nuser = two@x.y\n"
		"[route two]\nmatch = a.b\nuser = other@x.y\nauth = off\n"
		"[gateway]\nhostname = gw.x.y\n",
		NULL);
	const struct settings *s = fake_settings();
	ck_assert_str_eq(s->routes[0].user, "two@x.y");
	ck_assert_str_eq(s->routes[1].user, "other@x.y");
	ck_assert_int_eq(s->routes[0].lifetime, 3 * INT64_C(86400000));
	ck_assert_str_eq(s->routes[0].helo, "gw.x.y");
	fake_free();
}
END_TEST

/* What a route has when its tokens are of a provider that is known. */
START_TEST(presets)
{
	load_as("[route r]\noauth = t\n[oauth t]\nclient_id = id\nuser = me@x.y\ntenant = x.y\n",
		NULL);
	shows("route r", "smart_host = smtp.office365.com:587 ; preset of microsoft\n");
	shows("route r", "user = me@x.y ; [oauth] user\n");
	shows("route r", "auth = auto ; oauth is set\n");
	shows("route r", "tls = verified ; auth is on\n");
	shows("route r", "max_connections = 3 ; preset of microsoft\n");
	shows("route r", "rate = 30/1m ; preset of microsoft\n");
	shows("route r", "from = account ; preset of microsoft\n");
	shows("route r", "sender_as = account ; preset of microsoft\n");
	const struct conf_route *r = &fake_settings()->routes[0];
	ck_assert_str_eq(conf_route_as(r, r->from), "me@x.y");
	ck_assert_str_eq(conf_route_as(r, r->sender_as), "me@x.y");
	shows("oauth t", "flow = device ; default\n");
	shows("oauth t", "token_url = https://login.microsoftonline.com/x.y/oauth2/v2.0/token ; "
			 "preset of microsoft\n");
	shows("oauth t", "scope = https://outlook.office.com/SMTP.Send offline_access ; preset");
	shows("oauth t",
	      "token_file = " LOCALSTATEDIR "/lib/smtpgate/oauth/t ; the section's name\n");
	load_as("[oauth t]\nclient_id = id\ntenant = x\nflow = client\nclient_secret = file:/s\n",
		NULL);
	shows("oauth t", "scope = https://outlook.office365.com/.default ; preset");
	load_as("[route r]\noauth = t\nuser = you@x.y\nrate = 5/1m\n[oauth t]\nclient_id = id\n"
		"provider = google\nuser = me@x.y\n",
		NULL);
	shows("route r", "smart_host = smtp.gmail.com:587 ; preset of google\n");
	shows("route r", "user = you@x.y ; /gw.ini:3\n");
	shows("route r", "rate = 5/1m ; /gw.ini:4\n");
	shows("oauth t", "flow = refresh ; preset of google\n");
	shows("oauth t", "token_url = https://oauth2.googleapis.com/token ; preset of google\n");
	fake_free();
}
END_TEST

/* Addresses without a domain get the origin; `account` is none, and keep undoes the preset. */
START_TEST(whom_routes_send_as)
{
	load_as("[gateway]\norigin = c.d\n[route r]\noauth = t\nfrom = scanner\nsender_as = keep\n"
		"bounce_to = it\n[oauth t]\nclient_id = id\nuser = me@x.y\ntenant = x.y\n",
		NULL);
	const struct conf_route *r = &fake_settings()->routes[0];
	ck_assert_str_eq(conf_route_as(r, r->from), "scanner@c.d");
	ck_assert_ptr_null(conf_route_as(r, r->sender_as));
	ck_assert_str_eq(r->bounce_to, "it@c.d");
	load_as("[route r]\nmatch = a.b\n", NULL);
	shows("route r", "bounce_to = sender ; default\n");
	ck_assert_ptr_null(fake_settings()->routes[0].bounce_to);
	fake_free();
}
END_TEST

START_TEST(every_vendor_has_an_entry)
{
	load_as("[listen a]\nvendor = xln\n[route a]\nmatch = a.b\nvendor = nvl\n[vendor "
		"nvl]\nplugin = lmn\n"
		"[vendor spare]\nrequired = yes\n",
		NULL);
	const struct settings *s = fake_settings();
	ck_assert_uint_eq(s->vendor_count, 4);
	ck_assert_str_eq(settings_vendor(s, "nvl")->plugin, "lmn");
	ck_assert_str_eq(settings_vendor(s, "xln")->plugin, "xln");
	ck_assert(settings_vendor(s, "lmn")->required);
	ck_assert(!settings_vendor(s, "xln")->required);
	ck_assert(settings_vendor(s, "spare")->required);
	ck_assert_int_eq(settings_vendor(s, "lmn")->restart, 5000);
	ck_assert_ptr_null(settings_vendor(s, "ftp"));
	shows("vendor xln", "required = no ; not the vendor of [gateway]\n");
	fake_free();
}
END_TEST

START_TEST(the_name_of_the_program_counts)
{
	load_as("[gateway]\nvendor = lmn\n[vendor lmn]\nresolver = host\n[route r]\nmatch = "
		"a.b\nvendor = lmn\n",
		&(struct conf_overrides){.vendor = "ftp"});
	const struct settings *s = fake_settings();
	ck_assert_str_eq(s->gateway.vendor, "ftp");
	ck_assert_str_eq(s->listens[0].vendor, "ftp");
	ck_assert_str_eq(s->routes[0].vendor, "lmn");
	ck_assert(settings_vendor(s, "ftp")->required);
	ck_assert(!settings_vendor(s, "lmn")->required);
	shows("gateway", "vendor = ftp ; the name of the program\n");
	fake_free();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("conf/derive");
	SUITE_CASE(s, "gateway", names_follow_the_host, pickup_folders, hosts_without_a_good_name,
		   control_socket, the_name_of_the_program_counts);
	SUITE_CASE(s, "sections", listeners_and_routes_inherit, found_by_kind_and_name, presets,
		   whom_routes_send_as, every_vendor_has_an_entry);
	return s;
}
SUITE_MAIN(suite)
