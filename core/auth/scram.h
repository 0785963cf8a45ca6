/* SCRAM-SHA-256 (RFC 5802, RFC 7677) by libgsasl, without channel binding: the two halves that sasl.h stands on. */
#ifndef SMTPGATE_AUTH_SCRAM_H
#define SMTPGATE_AUTH_SCRAM_H

#include "auth/sasl.h"

struct scram_server;

/* users must outlive it. NULL: no memory. */
struct scram_server *scram_server_new(const struct users *users);
/* SASL_CHALLENGE, SASL_DONE, SASL_DENIED, SASL_MALFORMED or SASL_NOMEM. The last message of ours (the proof) is a challenge
 * too: DONE comes with the client's empty answer to it. */
enum sasl_step scram_server_step(struct scram_server *s, const char *in, size_t n,
				 struct buf *challenge);
/* The name as the users' file has it, or as it was claimed; "" before it came. */
const char *scram_server_name(const struct scram_server *s);
void scram_server_destroy(struct scram_server **s);

struct scram_client;

struct scram_client *scram_client_new(const char *user, const char *password);
/* OK, E_STATE, E_SYNTAX or E_REFUSED, as sasl_client_step. */
enum result scram_client_step(struct scram_client *c, const char *in, size_t n, struct buf *answer);
/* The server has proved that it knows the password. */
bool scram_client_done(const struct scram_client *c);
void scram_client_destroy(struct scram_client **c);

#endif
