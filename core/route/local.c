/* Local domains and mailboxes: see local.h. Pure; whether a mailbox exists is asked of the world.
 */
#include "route/local.h"

#include "base/text.h"
#include "mail/address_map.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void route_refuse(struct route_decision *d, int code, const char *status, const char *format, ...)
{
	va_list ap;
	d->kind = ROUTE_REFUSE;
	d->code = code;
	text_copy(d->status, sizeof d->status, status);
	va_start(ap, format);
	vsnprintf(d->reason, sizeof d->reason, format, ap);
	va_end(ap);
}

/* How well a postoffice's domain fits: 0 not at all, more for a longer suffix, most for the domain
 * itself. */
static size_t fit(const char *own, const char *domain)
{
	if (own[0] != '.')
		return text_same(own, domain) ? (size_t)-1 : 0;
	size_t n = strlen(own);
	return strlen(domain) > n && text_ends(domain, own) ? n : 0;
}

const struct conf_postoffice *route_local_find(const struct settings *s, const char *domain)
{
	const struct conf_postoffice *found = NULL;
	size_t best = 0;
	for (size_t i = 0; i < s->postoffice_count; i++) {
		const struct conf_postoffice *p = &s->postoffices[i];
		for (size_t k = 0; k < p->domains.count; k++) {
			size_t f = fit(p->domains.items[k], domain);
			if (f > best) {
				best = f;
				found = p;
			}
		}
	}
	return found;
}

bool route_own_folder(const struct conf_postoffice *p, const char *name)
{
	if (text_same(name, "log"))
		return p->get || p->classic_log;
	return p->get && (text_same(name, "outgoing") || text_same(name, "smtp"));
}

/* May this be the name of a mailbox's folder? It is one below the postoffice's path, never a hidden
 * one, and not one of its own. */
static bool is_folder_name(const struct conf_postoffice *p, const char *name)
{
	if (route_own_folder(p, name))
		return false;
	return name[0] && name[0] != '.' && !strchr(name, '/');
}

static bool find_mailbox(const struct route_world *w, const struct conf_postoffice *p,
			 const char *name, struct route_decision *d)
{
	return is_folder_name(p, name) &&
	       w->mailbox(w->ctx, p, name, d->mailbox, sizeof d->mailbox);
}

bool route_local_unpacks(const struct conf_postoffice *p, const char *mailbox)
{
	return p->encapsulate && !p->way && (p->get || p->format == CONF_OFFICE_MMFF) &&
	       text_same(mailbox, MAIL_XXENC);
}

void route_local_decide(const struct route_world *w, const struct conf_postoffice *p,
			const char *local, struct route_decision *d)
{
	char name[MAIL_LOCAL_MAX + 1];
	bool readable = mail_local_unquote(local, name, sizeof name) == OK;
	d->kind = ROUTE_LOCAL;
	d->postoffice = p;
	snprintf(d->rule, sizeof d->rule, "postoffice %s", p->name);
	if (readable && route_local_unpacks(p, name)) {
		text_copy(d->mailbox, sizeof d->mailbox, MAIL_XXENC);
		return;
	}
	if (readable && p->format == CONF_OFFICE_MMFF && !mail_map_mailbox_ok(name)) {
		route_refuse(d, 550, "5.1.1", "a mailbox here has 1 to %d characters of 7 bits",
			     MAIL_NATIVE_NAME_MAX);
		return;
	}
	if (p->way ||
	    p->format == CONF_OFFICE_DROP) { /* names are the business of who takes it from there */
		d->route = p->way;
		text_copy(d->mailbox, sizeof d->mailbox, readable ? name : local);
		return;
	}
	if (readable && find_mailbox(w, p, name, d))
		return;
	if (readable && (text_same(name, "postmaster") || text_same(name, "admin"))) {
		if (!find_mailbox(w, p, p->admin, d)) /* made when the gateway starts */
			text_copy(d->mailbox, sizeof d->mailbox, p->admin);
		return;
	}
	if (readable && p->mailboxes == CONF_MAILBOXES_ANY && is_folder_name(p, name)) {
		text_copy(d->mailbox, sizeof d->mailbox, text_lower_all(name));
		return;
	}
	d->mailbox[0] = '\0';
	route_refuse(d, 550, "5.1.1", "no such mailbox here");
}
