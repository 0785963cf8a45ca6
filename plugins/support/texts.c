/* The socket stack by addresses as text, as the ABI has them. */
#include "support/error.h"
#include "support/sockets.h"

enum sgt_result sock_address(const char *text, unsigned default_port, char out[SGT_ADDRESS_MAX],
			     struct sgt_error *error)
{
	struct ipaddr a;
	enum sgt_result r = ipaddr_parse(text, default_port, &a, error);
	if (r == SGT_OK)
		ipaddr_format(&a, out);
	return r;
}

enum sgt_result sock_connect_to(struct sock_stack *s, const char *to, const char *source,
				const struct ipaddr *standard, void *user, struct sgt_conn **conn,
				struct sgt_error *error)
{
	struct ipaddr a, from;
	const struct ipaddr *by = NULL;
	enum sgt_result r = ipaddr_parse(to, 0, &a, error);
	if (r == SGT_OK && source)
		r = ipaddr_parse_host(source, &from, error);
	if (r != SGT_OK)
		return r;
	if (a.any || !ipaddr_port(&a))
		return error_set(error, SGT_BAD_ADDRESS, "\"%.100s\" is nothing to connect to", to);
	if (source)
		by = &from;
	else if (standard && standard->u.sa.sa_family == a.u.sa.sa_family)
		by = standard;
	return sock_connect(s, &a, by, user, conn, error);
}

enum sgt_result sock_dgram_at(struct sock_stack *s, const char *local, void *user,
			      struct sgt_dgram **dgram, struct sgt_error *error)
{
	struct ipaddr a;
	enum sgt_result r = ipaddr_parse(local, 0, &a, error);
	return r == SGT_OK ? sock_dgram_open(s, &a, user, dgram, error) : r;
}
