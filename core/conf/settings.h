/*
 * The daemon's settings: one immutable snapshot made from the ini file, shared by reference count. Each struct is
 * filled from a table of keys (conf/keys_*.c); the table is the truth for names, types, defaults, ranges, help and
 * whether a reload takes the key. Everything lives in the snapshot's region.
 */
#ifndef SMTPGATE_CONF_SETTINGS_H
#define SMTPGATE_CONF_SETTINGS_H

#include "base/buf.h"
#include "base/log.h"
#include "base/net.h"
#include "base/region.h"
#include "base/result.h"
#include "mail/address_map.h"
#include "mail/envelope.h"
#include "mail/local_cfg.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct conf_texts {
	const char **items;
	size_t count;
};
struct conf_nets {
	struct net_block *blocks; /* none: matches nothing */
	size_t count;
};
struct conf_times {
	int64_t *ms;
	size_t count;
};
/* A pattern list: domain, .suffix, user@domain, *, !not, file:/path (read in). First match decides. */
enum conf_pattern_kind {
	CONF_PATTERN_ALL,
	CONF_PATTERN_DOMAIN,
	CONF_PATTERN_SUFFIX,
	CONF_PATTERN_ADDRESS
};
struct conf_pattern {
	enum conf_pattern_kind kind;
	bool not ;
	const char *text; /* lower case, without ! and, for SUFFIX, with its leading dot */
};
struct conf_patterns {
	struct conf_pattern *items;
	size_t count;
};
/* N messages in a time; count 0: unlimited. */
struct conf_rate {
	unsigned count;
	int64_t ms;
};

struct conf_gateway {
	const char *hostname; /* FQDN of the host when not set */
	const char *origin;   /* hostname when not set */
	const char *vendor;   /* lmn */
	const char *spool;
	const char *user, *group; /* NULL: rights are kept */
	const char *control;      /* see schema.md for the default */
	const char *control_group;
	struct conf_texts plugin_dirs;
	struct conf_texts includes;
	const char *admin;   /* postmaster@origin when not set */
	const char *aliases; /* file, NULL: none; it need not be there */
	uint64_t max_size;
	uint64_t memory_max;
	int64_t stop_wait;
};

struct conf_log {
	struct conf_texts to;
	enum log_level level;
	enum log_format format;
	enum log_addresses addresses;
	struct conf_nets protocol;
};

enum conf_tls { CONF_TLS_OFF, CONF_TLS_OFFERED, CONF_TLS_REQUIRED, CONF_TLS_IMPLICIT };

enum conf_tls_out {
	CONF_TLS_NONE,
	CONF_TLS_OPPORTUNISTIC,
	CONF_TLS_NEEDED,
	CONF_TLS_VERIFIED,
	CONF_TLS_FIRST
};
enum conf_tls_version { CONF_TLS_1_0, CONF_TLS_1_1, CONF_TLS_1_2, CONF_TLS_1_3 };

enum conf_newline { CONF_NEWLINE_REJECT, CONF_NEWLINE_NORMALISE, CONF_NEWLINE_NOTE };

enum conf_mode { CONF_MODE_SMTP, CONF_MODE_SUBMISSION, CONF_MODE_LMTP };

enum conf_auth { CONF_AUTH_OFF, CONF_AUTH_OFFERED, CONF_AUTH_REQUIRED };

/* How lenient a listener is with a client. */
struct conf_profile {
	const char *name;
	const char *like;
	struct conf_nets clients; /* who gets it whatever listener they come to */
	enum conf_tls_version tls_min;
	bool tls_offer;                            /* STARTTLS is shown; it is taken all the same */
	bool auth_clear;                           /* known clients may log in without TLS */
	const char *prompt_user, *prompt_password; /* of AUTH LOGIN; NULL: the usual */
	bool helo_any, brackets_optional;
	enum conf_newline bare_newline;
	unsigned repair;           /* MAIL_REPAIR_* of mail/repair.h */
	const char *from, *sender; /* instead of From and of the envelope's sender; NULL: kept */
	uint64_t max_size;         /* 0: that of the listener */
};

struct conf_listen {
	const char *name;
	struct conf_texts addresses;
	const char *vendor; /* [gateway] vendor when not set */
	struct conf_nets relay_from, accept_from, proxy_from;
	uint64_t max_size; /* [gateway] max_size when not set */
	unsigned max_recipients, max_connections, max_connections_client;
	struct conf_rate rate;
	enum conf_tls tls;
	const char *certificate;        /* a path, "auto", or NULL: none */
	const char *key;                /* NULL: none; the certificate's file when not set */
	const char *profile;            /* its name */
	enum conf_newline bare_newline; /* of the profile when not set */
	enum mail_priority priority;
	enum conf_mode mode;
	enum conf_auth auth; /* required in submission */
	const char *users;   /* file; see auth/users.h */
	bool sender_login;   /* who is logged in sends as himself: route/sender.h */
	unsigned threads;
};

/* How a route logs in. */
enum conf_login {
	CONF_LOGIN_OFF,
	CONF_LOGIN_AUTO,
	CONF_LOGIN_PLAIN,
	CONF_LOGIN_LOGIN,
	CONF_LOGIN_SCRAM,
	CONF_LOGIN_XOAUTH2,
	CONF_LOGIN_OAUTHBEARER
};

#define CONF_ACCOUNT "account" /* from and sender_as: the user of the route */

enum conf_do { CONF_SEND, CONF_HOLD, CONF_DISCARD, CONF_REJECT, CONF_LMTP };

struct conf_route {
	const char *name;
	struct conf_patterns match, sender;
	struct conf_nets client; /* all when not set */
	const char *listener;    /* NULL: any */
	enum conf_do what;       /* key `do` */
	const char *reject_text; /* of `do = reject TEXT` */
	bool mx;                 /* smart_host is mx (or not set) */
	struct conf_texts
		smart_hosts; /* "host:port", "[v6]:port": brackets of names removed, port filled in (25) */
	const char *vendor;
	const char *source; /* NULL: any */
	const char *helo;   /* hostname when not set */
	enum conf_tls_out tls;
	const char *tls_ca;   /* NULL: the system's */
	const char *tls_name; /* NULL: that of the host */
	const char *tls_pin;  /* 64 hex digits; NULL: none */
	enum conf_tls_version tls_min;
	enum conf_login auth; /* off without user and oauth */
	const char *user;     /* NULL: none */
	const char *password; /* where it is, never itself; NULL: none */
	const char *oauth;    /* NULL: none */
	/* Instead of From and of the envelope's sender, "account" for the user's own; see conf_route_as. NULL: kept */
	const char *from, *sender_as;
	const char *bounce_to; /* NULL: the sender */
	unsigned max_connections;
	struct conf_rate rate;
	unsigned priority;     /* 0: the message's own; else enum mail_priority and one */
	struct conf_texts bcc; /* with domain */
	const char *fallback;  /* NULL: none */
	int64_t fallback_after;
	uint64_t max_size;
	struct conf_times retry; /* [queue] retry when not set */
	int64_t lifetime, warn_after;
	struct conf_texts match_written,
		sender_written; /* as they stand in the ini: file: is not read in */
};

enum conf_oauth_provider { CONF_OAUTH_MICROSOFT, CONF_OAUTH_GOOGLE, CONF_OAUTH_CUSTOM };
enum conf_oauth_flow { CONF_OAUTH_CLIENT, CONF_OAUTH_DEVICE, CONF_OAUTH_REFRESH };

/* Where access tokens come from (RFC 6749). */
struct conf_oauth {
	const char *name;
	enum conf_oauth_provider provider;
	const char *tenant; /* NULL: none */
	enum conf_oauth_flow flow;
	const char *user; /* whose mailbox; NULL: the route says */
	const char *client_id;
	const char *client_secret;          /* where it is; NULL: none */
	const char *client_certificate;     /* PEM with its key; NULL: none */
	const char *scope;                  /* NULL: none is asked for */
	const char *token_url, *device_url; /* device_url NULL: none */
	const char *tls_ca;                 /* NULL: the system's */
	const char *proxy;                  /* NULL: none */
	const char *token_file;
	const char *vendor;
	int64_t warn_before;
};

enum conf_mailboxes { CONF_MAILBOXES_EXISTING, CONF_MAILBOXES_ANY };
enum conf_office { CONF_OFFICE_MAILDIR, CONF_OFFICE_DROP, CONF_OFFICE_LMTP, CONF_OFFICE_MMFF };

enum conf_attachments { CONF_ATTACHMENTS_MIME, CONF_ATTACHMENTS_UUENCODE };

struct conf_postoffice {
	const char *name;          /* NETWORK/POSTOFFICE */
	struct conf_texts domains; /* lower case; ".suffix" allowed but not first */
	const char *path;          /* NULL with LMTP alone */
	enum conf_office format;
	const char *lmtp;       /* "host:port" */
	struct conf_route *way; /* LMTP: how it goes there; else NULL */
	enum conf_mailboxes mailboxes;
	const char *admin; /* mailbox of Postmaster and what has none */
	const char
		*get; /* program that empties the mailbag, words by blanks; NULL: there is none */
	int64_t get_timeout, wait;
	unsigned charset; /* index of conf_charsets: of the texts of its messages */
	enum conf_attachments attachments;
	const char *put; /* program that takes messages into the postoffice, words by blanks */
	const char *map; /* ADDR_MAP.CFG; NULL: PATH/smtp/ADDR_MAP.CFG, when it is there */
	bool encapsulate; /* native messages for other postoffices leave and come in whole, by XXENC@ */
	unsigned received;          /* 1: Received lines stay in the text of what comes in */
	struct mail_map native;     /* its address map, read; empty: none */
	const char *local;          /* LOCAL.CFG; NULL: PATH/smtp/LOCAL.CFG, when it is there */
	struct mail_local_cfg here; /* that, read; empty: none */
	const char *map_file, *local_file; /* those that were read; NULL: none */
	const char *tables; /* folder of SMTPIN.TBL and SMTPOUT.TBL; NULL: PATH/smtp */
	unsigned names;     /* 1: attachments get names of eight and three */
	bool receipts;      /* are asked for and given */
	bool classic_log;   /* PATH/log/SMTPGATE.LOG */
};
/* The charsets of postoffices and pickup folders; NULL at the end. */
extern const char *const conf_charsets[];

enum conf_pickup_format {
	CONF_PICKUP_AUTO,
	CONF_PICKUP_EML,
	CONF_PICKUP_MMFF,
	CONF_PICKUP_SENDMAIL
};
enum conf_after { CONF_AFTER_DELETE, CONF_AFTER_ARCHIVE };

struct conf_pickup {
	const char *name;
	const char *path;
	struct conf_texts files; /* shell patterns of names */
	enum conf_pickup_format format;
	int64_t settle, poll;
	enum conf_after after;
	const char *archive;            /* path/archive when not set */
	const char *bad;                /* NULL: beside the file */
	const char *sender, *recipient; /* with domain; NULL: none */
	struct conf_patterns senders;
	struct conf_texts senders_written;
	uint64_t max_size; /* [gateway] max_size when not set */
	enum mail_priority priority;
	unsigned charset;    /* index of conf_charsets */
	const char *profile; /* its name: what is put right in files of mail */
};

struct conf_queue {
	int64_t keep;
	uint64_t disk_min, disk_min_urgent;
	int64_t bounce_lifetime;
	uint64_t max_messages;
	unsigned max_active;
	bool restart_hold;
	struct conf_times retry;
	int64_t lifetime, warn_after;
};

/* What is told of: bits of conf_notify.on. */
enum conf_event {
	CONF_ROUTE_DOWN,
	CONF_TOKEN_EXPIRING,
	CONF_DISK_LOW,
	CONF_PLUGIN_DOWN,
	CONF_QUEUE_OLD,
	CONF_BAD_FILE,
	CONF_BOUNCE_DOUBLE,
	CONF_SPOOL_ERROR,
	CONF_EVENTS
};
/* Their names; NULL at the end. */
extern const char *const conf_events[];

struct conf_notify {
	const char *to;      /* [gateway] admin when not set */
	const char *command; /* words by blanks; NULL: none */
	unsigned on;         /* 1 << enum conf_event */
	int64_t route_down, queue_old;
	struct conf_rate at_most;
	const char *heartbeat_to; /* as to */
	int64_t heartbeat_every;  /* 0: never */
};

/* [vendor NAME]: the core's own keys; the plugin's are kept as text for the registry, which knows their table. */
struct conf_pair {
	const char *key, *value, *file;
	unsigned line;
	bool secret; /* by the look of its name: printed as *** */
};
struct conf_vendor {
	const char *name;
	const char *plugin; /* NAME when not set */
	bool required;      /* yes for the vendor of [gateway] when not set */
	int64_t start_wait, restart;
	bool resolver_host; /* resolver = host: names by the host's resolver; else own */
	struct conf_pair *pairs;
	size_t pair_count;
};

struct conf_section; /* conf/table.h */
struct settings {
	struct region *region;
	unsigned refs; /* atomic */
	const char *file;
	struct conf_gateway gateway;
	struct conf_log log;
	struct conf_listen
		*listens; /* one named "default" on 127.0.0.1:2525 when the file has none */
	size_t listen_count;
	struct conf_profile *profiles; /* modern and legacy are always there */
	size_t profile_count;
	struct conf_route
		*routes; /* file order; none: everything that is not local is held, "no route" */
	size_t route_count;
	struct conf_postoffice *postoffices;
	size_t postoffice_count;
	struct conf_pickup *pickups;
	size_t pickup_count;
	struct conf_oauth *oauths;
	size_t oauth_count;
	struct conf_queue queue;
	struct conf_notify notify;
	struct conf_vendor *vendors; /* every vendor that is named anywhere has an entry */
	size_t vendor_count;
	void *attached; /* see settings_attach */
	void (*detach)(void *attached);
	const struct conf_section
		*sections; /* all of the above with origins, to print and compare */
};

/* Every fault found, in file order: `check` prints all, `run` refuses (78) when one is an error. */
struct conf_fault {
	struct conf_fault *next;
	bool warning;
	const char *file;
	unsigned line; /* physical; 0: the file as a whole */
	const char *text;
	const char *remedy; /* or NULL: "did you mean ..." */
};

/* What the process tells settings_load: argv[0]'s smtpXXX vendor and the like. */
struct conf_overrides {
	const char *vendor; /* over [gateway] vendor, or NULL */
	const char *
		hostname; /* what the host calls itself, when [gateway] hostname is not set; NULL: asked from it */
	bool service;         /* started by a service manager: control defaults to RUNSTATEDIR */
	const char *instance; /* of --instance, or NULL: names the folder of such a control */
};

/* Reads and checks. *out (one reference) and OK; E_CONFIG when any fault is an error; E_NOTFOUND when the file is
 * not there. Faults live in *faults_region, which the caller destroys, whatever the result. */
enum result settings_load(const char *file, const struct conf_overrides *o, struct settings **out,
			  struct region **faults_region, struct conf_fault **faults);
/* "FILE:LINE: error: text (remedy)" a line, warnings likewise, and last "2 errors, 1 warning" when there is any. Returns
 * the number of errors. */
size_t conf_faults_print(const struct conf_fault *faults, FILE *out);
struct settings *settings_ref(struct settings *s);
void settings_unref(struct settings **s);
/* Something made from the settings that lives exactly as long as they do (TLS contexts): detach gets it at the end, in
 * the thread of the last unref. Once, before the settings are shared. */
void settings_attach(struct settings *s, void *what, void (*detach)(void *what));
const struct conf_vendor *settings_vendor(const struct settings *s, const char *name);
/* The profile of this name, or NULL. */
const struct conf_profile *settings_profile(const struct settings *s, const char *name);
const struct conf_oauth *settings_oauth(const struct settings *s, const char *name);
/* The address that `as` (from or sender_as of the route) stands for; NULL: what the message has is kept. */
const char *conf_route_as(const struct conf_route *r, const char *as);
const struct conf_route *settings_route(const struct settings *s, const char *name);

/* What settings_print cannot know: the keys of a vendor's module that its section does not give. */
struct settings_more {
	enum result (*keys)(void *ctx, const struct conf_vendor *v, struct buf *out);
	void *ctx;
};
/* Prints every key in force as `[section]` and `key = value ; origin`, of one section ("listen lan") or all (NULL);
 * changed_only: what differs from the default. Secrets show as ***. more may be NULL. Appends to out. E_NOTFOUND: no such section.
 * What -n prints, read again with the same overrides, gives the same settings, but for what is secret. */
enum result settings_print(const struct settings *s, const char *section, bool changed_only,
			   const struct settings_more *more, struct buf *out);
/* Names the first key that differs and that a reload does not take ("listen lan: address"), or NULL. E_NOMEM: nobody knows. */
enum result settings_needs_restart(const struct settings *from, const struct settings *to,
				   struct region *region, const char **key);

/* Does the list decide for this address ("user@domain")? First match wins; nothing matches: false. Case ignored. */
bool conf_patterns_match(const struct conf_patterns *p, const char *address);
bool conf_nets_match(const struct conf_nets *n, const struct net_ip *ip);

#endif
