/*
 * A private network as its stacks share it: those of one [vendor] section (one for each thread of a listener) are in one
 * namespace, behind one helper; those of other sections have their own.
 *
 *	taken --nvl_net_up--> up (nvl_net_go: and heard) --lost: the worker said so or died--> down --nvl_net_up--> up, built anew
 *
 * Take and release on the main thread; all else from any stack's thread, one at a time (a lock, held while the helper
 * answers: a socket takes it some ten microseconds).
 */
#ifndef SMTPGATE_NVL_NET_H
#define SMTPGATE_NVL_NET_H

#include "nvl/nvl_talk.h"

struct nvl_net;

/* The network of this section and these settings, made when it is the first; NULL: memory is short. */
struct nvl_net *nvl_net_take(const char *name, const struct nvl_spec *spec);
/* The last one ends the helper, and waits for that. */
void nvl_net_release(struct nvl_net **net);

/*
 * Builds it unless it stands. *build: its number; sockets belong to one. *link: a descriptor of the caller's that
 * hangs up (EPOLLRDHUP) when this build is lost. SGT_SOCKET or SGT_DENIED (both 123) with cause and remedy.
 */
enum sgt_result nvl_net_up(struct nvl_net *net, unsigned long *build, int *link,
			   struct sgt_error *error);
/* Lets its frames pass. Until then it can be bound to, and disturbs nobody who has the same addresses. */
void nvl_net_go(struct nvl_net *net, unsigned long build);
/* A socket (SOCK_SEQPACKET, nonblocking) by which, until it goes, the frames of its Ethernet come and go; or -errno. */
int nvl_net_port(struct nvl_net *net, unsigned long build);
/* A nonblocking, close-on-exec socket in it, or -errno; -ENETDOWN when that build is lost. */
int nvl_net_socket(struct nvl_net *net, unsigned long build, int family, int type);
/* Why the build of a link that hung up was lost. Returns the result, as run does. */
enum sgt_result nvl_net_why(int link, struct sgt_error *error);

/* Could it be built now? Tries it with a helper of its own, unless it stands. */
void nvl_net_try(struct nvl_net *net, struct sgt_report *report);

#endif
