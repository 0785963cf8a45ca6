/* The whole story of messages: `queue show` and `history ID`. */
#ifndef SMTPGATE_DAEMON_STORY_H
#define SMTPGATE_DAEMON_STORY_H

#include "conf/settings.h"
#include "daemon/commands.h"

#include <jansson.h>
#include <stdint.h>

/* Puts one line of queue.list into *entry: an "entry" line replaces it when there is none yet (false when there is one), others are put
 * into its "recipients_list" and "attempts_list". */
bool story_take(json_t **entry, const json_t *line);
/* Asks for what the filter (taken) chooses, in the queue and the history, and prints each: where from, every recipient with its
 * state and why, what happens next and when, every attempt. --json: one object a line, with "recipients_list" and "attempts_list". EXIT_FAILED:
 * nothing was chosen. */
enum exit_status story_show(struct call *c, json_t *filter);
/* When it came, by the clock as it goes now: jumps of the clock since then are left out. Of an "entry" object; wall ms. */
int64_t story_came(const json_t *entry);
/* One message: an "entry" object with the two arrays in it. settings (may be NULL) tell the lifetimes. */
void story_print(const json_t *entry, const struct settings *s, int64_t now, FILE *to);

#endif
