/* Faults of how routes log in and where their tokens come from: see load.h. Adds faults, changes nothing. */
#include "conf/load.h"
#include "base/text.h"

#include <string.h>

static bool is_set(const struct conf_section *sec, const char *key)
{
	return conf_load_origin(sec, key)->file != NULL;
}

static void at_login(struct conf_load *l, const struct conf_section *sec)
{
	static const char *const keys[] = {"auth", "oauth", "user"};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		if (is_set(sec, keys[i])) {
			conf_load_place(l, sec, keys[i]);
			return;
		}
	}
	conf_load_place(l, sec, NULL);
}

/* A name and a secret of the kind that the mechanism takes. */
static void check_secret(struct conf_load *l, const struct conf_section *sec)
{
	const struct conf_route *r = sec->at;
	bool token = r->auth == CONF_LOGIN_XOAUTH2 || r->auth == CONF_LOGIN_OAUTHBEARER;
	at_login(l, sec);
	if (!r->user)
		conf_load_error(l, r->oauth ? "set user" : "set user, and password",
				"auth of [route %s] needs a user", r->name);
	else if (token && !r->oauth)
		conf_load_error(l, "set oauth", "auth of [route %s] needs an oauth", r->name);
	else if (!r->password && !r->oauth)
		conf_load_error(l, "set password = file:/PATH",
				"auth of [route %s] needs a password", r->name);
	else if (r->password && r->oauth)
		conf_load_error(l, "leave one of them", "[route %s] has a password and an oauth",
				r->name);
	else if (r->oauth && !token && r->auth != CONF_LOGIN_AUTO)
		conf_load_error(l, "set auth = auto, or take oauth away",
				"auth of [route %s] takes no tokens", r->name);
}

static void check_found(struct conf_load *l, const struct conf_section *sec)
{
	const struct conf_route *r = sec->at;
	if (!r->oauth || conf_load_find(l, CONF_KIND_OAUTH, r->oauth))
		return;
	conf_load_place(l, sec, "oauth");
	conf_load_error(l, NULL, "oauth: there is no [oauth %s]", r->oauth);
}

/* Who sends as the account needs one that is an address. */
static void check_account(struct conf_load *l, const struct conf_section *sec, const char *key,
			  const char *as)
{
	const struct conf_route *r = sec->at;
	if (!as || !text_same(as, CONF_ACCOUNT) || (r->user && strchr(r->user, '@')))
		return;
	conf_load_place(l, sec, key);
	conf_load_error(l, "write the address itself", "%s = account of [route %s]: %s", key,
			r->name, r->user ? "its user is no address" : "it has no user");
}

/* Who logs in needs a name, a secret and TLS. */
void conf_validate_login(struct conf_load *l, const struct conf_section *sec)
{
	const struct conf_route *r = sec->at;
	check_found(l, sec);
	check_account(l, sec, "from", r->from);
	check_account(l, sec, "sender_as", r->sender_as);
	if (r->auth == CONF_LOGIN_OFF)
		return;
	check_secret(l, sec);
	at_login(l, sec);
	if (r->mx)
		conf_load_error(l, "name the server in smart_host",
				"auth of [route %s] needs a smart_host: no password is sent to "
				"servers that DNS names",
				r->name);
	if (!is_set(sec, "tls"))
		return;
	conf_load_place(l, sec, "tls");
	if (r->tls == CONF_TLS_NONE || r->tls == CONF_TLS_OPPORTUNISTIC)
		conf_load_error(l, "set tls = verified, or take the line away",
				"tls of [route %s] may send its password in the clear", r->name);
	else if (r->tls == CONF_TLS_NEEDED)
		conf_load_warn(l, "set tls = verified, with tls_ca or tls_pin",
			       "tls of [route %s] gives its password to whoever answers", r->name);
}

static void needs(struct conf_load *l, const struct conf_section *sec, const char *why,
		  const char *keys)
{
	conf_load_place(l, sec, is_set(sec, "flow") ? "flow" : NULL);
	conf_load_error(l, NULL, "[oauth %s] needs %s: %s", sec->name, keys, why);
}

void conf_validate_oauth(struct conf_load *l, const struct conf_section *sec)
{
	const struct conf_oauth *o = sec->at;
	bool client = o->flow == CONF_OAUTH_CLIENT;
	if (o->client_secret && o->client_certificate) {
		conf_load_place(l, sec, "client_certificate");
		conf_load_error(l, "leave one of them",
				"[oauth %s] has a client_secret and a client_certificate", o->name);
	}
	if (client && !o->client_secret && !o->client_certificate)
		needs(l, sec, "flow is client", "client_secret or client_certificate");
	if (client && o->provider == CONF_OAUTH_MICROSOFT && !o->tenant)
		needs(l, sec, "flow is client", "tenant");
	if (o->provider == CONF_OAUTH_CUSTOM && !o->token_url)
		needs(l, sec, "provider is custom", "token_url");
	if (o->flow == CONF_OAUTH_DEVICE && !o->device_url && o->provider == CONF_OAUTH_CUSTOM)
		needs(l, sec, "flow is device", "device_url");
	if (o->provider == CONF_OAUTH_GOOGLE && o->flow != CONF_OAUTH_REFRESH) {
		conf_load_place(l, sec, "flow");
		conf_load_error(l, "set flow = refresh: doc/gmail.md",
				"[oauth %s]: Google lets nobody send mail by this flow", o->name);
	}
	if (o->vendor && !text_same(o->vendor, "lmn")) {
		conf_load_place(l, sec, "vendor");
		conf_load_error(
			l, "take the line away",
			"[oauth %s]: tokens are fetched over the host's own TCP/IP, lmn, only",
			o->name);
	}
}
