/*
 * A transport that does not run, told to the operator: the block of `socket error (123)` on standard error, the original's two
 * lines and the reason in the log. The same for one that cannot be started and one that is lost while it runs.
 */
#ifndef SMTPGATE_GATEWAY_TROUBLE_H
#define SMTPGATE_GATEWAY_TROUBLE_H

#include "gateway/gateway.h"
#include "transport/report.h"

/* The plugin folders of the settings, NULL-terminated, in the region; NULL: no memory. */
const char *const *trouble_dirs(const struct settings *s, struct region *r);
/* What a section says, pair_count settings, for a module to read. In the region; borrows from the settings; NULL: no memory. */
const struct instance_setting *trouble_settings(const struct conf_vendor *v, struct region *r);
/* Fills in which others run here, by the sections that they have, and writes the block. Main thread. */
void trouble_block(struct transport_report *report, const struct settings *s, char *block,
		   size_t size);
/* Into the log, as an error when the transport is required. */
void trouble_log(const struct transport_report *report, bool required);
/* Logs and prints. Main thread. */
void trouble_tell(struct transport_report *report, const struct settings *s, bool required);

/* The same of a stack that was lost, from its own thread: told in the main thread, whose inbox this is. A reference to
 * the settings is taken. detail: what detect said of the network when it ran, may be "". */
struct trouble_loss {
	struct inbox *main;
	struct settings *settings;
	const struct conf_vendor *conf; /* of these settings */
	const struct sgt_module *module;
	const char *detail;
	const struct sgt_error *error;
};
void trouble_lost(const struct trouble_loss *loss);

#endif
