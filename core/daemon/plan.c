/* The plan of `setup`: see plan.h. The text that is tried is served to the loader as a file of the world; one at a time. */
#include "daemon/plan.h"

#include "base/text.h"
#include "conf/load.h"

#include <stdlib.h>
#include <string.h>

static enum result put(struct buf *out, const char *key, const char *value)
{
	return *value ? buf_printf(out, "%s = %s\n", key, value) : OK;
}

static enum result put_gateway(const struct plan *p, struct buf *out)
{
	enum result r = buf_puts(out, "# Made by `smtpgate setup`; smtpgate.ini(5) explains every "
				      "key.\n\n[gateway]\n");
	if (r == OK)
		r = put(out, "hostname", p->hostname);
	if (r == OK)
		r = put(out, "admin", p->admin);
	if (r == OK)
		r = buf_puts(out, "\n[listen lan]\n");
	if (r == OK)
		r = put(out, "address", p->address);
	if (r == OK)
		r = put(out, "relay_from", p->relay_from);
	return r == OK && p->old ? put(out, "profile", "legacy") : r;
}

static enum result put_office(const struct plan *p, struct buf *out)
{
	if (!*p->domain)
		return OK;
	enum result r = buf_puts(out, "\n[postoffice LOCAL/HQ]\n");
	if (r == OK)
		r = put(out, "domain", p->domain);
	if (r == OK)
		r = put(out, "path", p->path);
	return r == OK ? put(out, "mailboxes", "any") : r;
}

static enum result put_microsoft(const struct plan *p, struct buf *out)
{
	enum result r = buf_puts(out, "\n[route microsoft365]\nmatch = *\noauth = tenant\n\n"
				      "[oauth tenant]\nprovider = microsoft\n");
	if (r == OK)
		r = put(out, "tenant", p->tenant);
	if (r == OK)
		r = put(out, "user", p->user);
	if (r == OK)
		r = put(out, "client_id", p->client_id);
	if (r == OK)
		r = put(out, "flow", p->device ? "device" : "client");
	return r == OK && !p->device ? buf_printf(out, "client_secret = file:%s\n", p->secret) : r;
}

static enum result put_server(const struct plan *p, struct buf *out)
{
	enum result r = buf_puts(out, "\n[route default]\nmatch = *\n");
	if (r == OK)
		r = put(out, "smart_host", p->smart_host);
	if (r == OK && (*p->user || *p->ca))
		r = put(out, "tls", "verified");
	if (r == OK)
		r = put(out, "tls_ca", p->ca);
	if (r == OK)
		r = put(out, "user", p->user);
	return r == OK && *p->user ? buf_printf(out, "password = file:%s\n", p->secret) : r;
}

enum result plan_format(const struct plan *p, struct buf *out)
{
	enum result r = put_gateway(p, out);
	if (r == OK)
		r = put_office(p, out);
	if (r != OK)
		return r;
	switch (p->way) {
	case PLAN_MICROSOFT:
		return put_microsoft(p, out);
	case PLAN_GMAIL:
	case PLAN_SERVER:
		return put_server(p, out);
	case PLAN_DIRECT:
		return buf_puts(out, "\n[route default]\nmatch = *\nsmart_host = mx\n");
	case PLAN_NOWHERE:
		break;
	}
	return OK;
}

/* ---- trying it ---- */

static const char *served; /* the text of the plan that is tried */

static enum result read_served(const char *path, size_t max, char **bytes, size_t *n,
			       struct err *err)
{
	(void)path;
	*n = strlen(served);
	*bytes = *n <= max ? strdup(served) : NULL;
	return *bytes ? OK : err_set(err, E_NOMEM, "no memory to try the settings");
}

static bool first_error(const struct conf_fault *f, struct err *err)
{
	for (; f; f = f->next) {
		if (f->warning)
			continue;
		err_set(err, E_CONFIG, "%s", f->text);
		if (f->remedy)
			err_remedy(err, "%s", f->remedy);
		return true;
	}
	return false;
}

/* What was not asked for yet must not stand in the way of what was. */
static void fill(struct plan *p)
{
	const struct {
		char *at;
		const char *text;
	} rows[] = {{p->tenant, "company.example"},
		    {p->user, p->way == PLAN_MICROSOFT ? "user@company.example" : ""},
		    {p->client_id, "id"},
		    {p->smart_host, "host.example:587"},
		    {p->path, "/srv/mail"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (!*rows[i].at)
			text_copy(rows[i].at, PLAN_TEXT, rows[i].text);
}

bool plan_is_good(const struct plan *plan, const char *file, struct err *err)
{
	struct plan filled = *plan, *p = &filled;
	fill(p);
	struct conf_world world = *conf_world_host();
	struct settings *s = NULL;
	struct region *region = NULL;
	struct conf_fault *faults = NULL;
	struct buf text;
	buf_init(&text, 0);
	enum result r = plan_format(p, &text);
	served = r == OK ? buf_string(&text) : NULL;
	world.read = read_served;
	if (served)
		r = conf_load_by(&world, file, NULL, &s, &region, &faults);
	bool bad = first_error(faults, err);
	if (r != OK && !bad)
		err_set(err, r, "%s", result_sentence(r));
	settings_unref(&s);
	region_destroy(&region);
	buf_free(&text);
	return r == OK && !bad;
}

/* ---- what is to be done elsewhere ---- */

void plan_print_before(const struct plan *p, FILE *to)
{
	if (p->way == PLAN_GMAIL)
		fputs("\nAt Google, as the owner of the mailbox:\n"
		      "  1. myaccount.google.com, Security: switch 2-Step Verification on.\n"
		      "  2. myaccount.google.com/apppasswords: make one, named smtpgate. The 16 "
		      "letters are\n     the password that is asked for here.\n\n",
		      to);
	if (p->way != PLAN_MICROSOFT)
		return;
	fprintf(to,
		"\nAt Microsoft, as an administrator of the organisation:\n"
		"  1. entra.microsoft.com, App registrations, New registration: a name (smtpgate), "
		"this\n     organizational directory only, no redirect URI.\n");
	if (p->device)
		fputs("  2. API permissions, Add, Microsoft Graph or Office 365 Exchange Online, "
		      "Delegated:\n     SMTP.Send. Authentication: Allow public client flows, "
		      "Yes.\n",
		      to);
	else
		fputs("  2. API permissions, Add, APIs my organization uses, Office 365 Exchange "
		      "Online,\n     Application permissions: SMTP.SendAsApp. Grant admin "
		      "consent.\n"
		      "  3. Certificates & secrets, New client secret: note its Value (not the "
		      "Secret "
		      "ID).\n",
		      to);
	fputs("  Note the Application (client) ID.\n\n", to);
}

static void print_exchange(const struct plan *p, FILE *to)
{
	fprintf(to, "\nAt Microsoft, in Exchange Online PowerShell:\n  Connect-ExchangeOnline\n");
	if (!p->device)
		fprintf(to,
			"  $app = OBJECT_ID     # of Enterprise applications, not of App "
			"registrations\n"
			"  New-ServicePrincipal -AppId %s -ObjectId $app\n"
			"  Add-MailboxPermission -Identity %s -User $app -AccessRights "
			"FullAccess\n",
			p->client_id, p->user);
	fprintf(to,
		"  Set-CASMailbox -Identity %s -SmtpClientAuthenticationDisabled $false\n"
		"Exchange may need half an hour until it knows this everywhere.\n",
		p->user);
}

static bool has_secret(const struct plan *p)
{
	return p->way == PLAN_MICROSOFT
		       ? !p->device
		       : (p->way == PLAN_GMAIL || p->way == PLAN_SERVER) && *p->user;
}

void plan_print_after(const struct plan *p, const char *file, FILE *to)
{
	if (p->way == PLAN_MICROSOFT)
		print_exchange(p, to);
	fputs("\nHere:\n", to);
	if (p->way == PLAN_MICROSOFT)
		fprintf(to, "  smtpgate oauth %s tenant --config %s\n",
			p->device ? "login" : "test", file);
	fprintf(to,
		"  smtpgate check --config %s\n"
		"  smtpgate run --config %s       # or: systemctl enable --now smtpgate\n",
		file, file);
	if (has_secret(p))
		fprintf(to,
			"As a service it runs as a user of its own, who has to read the secret:\n"
			"  chown smtpgate %s\n",
			p->secret);
	fprintf(to,
		"\nIn the device or program: server and port %s, no TLS, no user and "
		"password%s%s.\n",
		p->address, *p->user ? ", sender " : "", p->user);
	if (p->way == PLAN_NOWHERE)
		fputs("Mail that is not local is held until there is a [route]: run setup again.\n",
		      to);
}
