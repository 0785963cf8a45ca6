/* The table of who is told of trouble. Data only. */
#include "conf/table.h"

#define AT(member) offsetof(SECTION, member)
#define SECOND (1000ull)
#define DAY (86400ull * SECOND)

static const char *const none[] = {"none", NULL};
static const char *const unlimited[] = {"unlimited", NULL};

const char *const conf_events[] = {"route_down",    "token_expiring", "disk_low",
				   "plugin_down",   "queue_old",      "bad_file",
				   "bounce_double", "spool_error",    NULL};

#define SECTION struct conf_notify
const struct conf_key conf_keys_notify[] = {
	{.name = "to",
	 .type = &conf_type_address,
	 .offset = AT(to),
	 .derived = "[gateway] admin",
	 .words = none,
	 .flags = KEY_RELOAD,
	 .help = "Who gets a mail."},
	{.name = "command",
	 .type = &conf_type_command,
	 .offset = AT(command),
	 .standard = "none",
	 .words = none,
	 .flags = KEY_RELOAD,
	 .help = "Program that gets the event as JSON."},
	{.name = "on",
	 .type = &conf_type_events,
	 .offset = AT(on),
	 .standard = "route_down, token_expiring, disk_low, plugin_down, queue_old, bad_file, "
		     "bounce_double, spool_error",
	 .words = none,
	 .flags = KEY_RELOAD,
	 .help = "What is told of."},
	{.name = "route_down",
	 .type = &conf_type_time,
	 .offset = AT(route_down),
	 .standard = "15m",
	 .min = SECOND,
	 .max = 30 * DAY,
	 .flags = KEY_RELOAD,
	 .help = "How long no server of a route could be used."},
	{.name = "queue_old",
	 .type = &conf_type_time,
	 .offset = AT(queue_old),
	 .standard = "1h",
	 .min = SECOND,
	 .max = 30 * DAY,
	 .flags = KEY_RELOAD,
	 .help = "How long the oldest message has been waiting."},
	{.name = "at_most",
	 .type = &conf_type_rate,
	 .offset = AT(at_most),
	 .standard = "4/1h",
	 .words = unlimited,
	 .flags = KEY_RELOAD,
	 .help = "Most events that are told in a time."},
	{.name = "heartbeat_to",
	 .type = &conf_type_address,
	 .offset = AT(heartbeat_to),
	 .derived = "to",
	 .words = none,
	 .flags = KEY_RELOAD,
	 .help = "Who gets a mail as long as all is well."},
	{.name = "heartbeat_every",
	 .type = &conf_type_time,
	 .offset = AT(heartbeat_every),
	 .standard = "0",
	 .max = 30 * DAY,
	 .flags = KEY_RELOAD,
	 .help = "How often; 0 is never."},
	{.name = NULL},
};
