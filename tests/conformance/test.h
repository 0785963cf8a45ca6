/* What the conformance tests share: a test with its stack and its peer, and the ways to fail. */
#ifndef SMTPGATE_CONFORMANCE_TEST_H
#define SMTPGATE_CONFORMANCE_TEST_H

#include "conformance/rig.h"

#define SOON 30000 /* ms: bound of what must happen */
#define QUIET 200  /* turns: how long what must not happen is looked for */

struct test {
	const struct conformance_bed *bed;
	const struct conformance_peer_ops *ops;
	struct arena arena;
	struct rig rig; /* the stack under test, started */
	struct peer *peer;
	char failure[CONFORMANCE_TEXT_MAX];
	char exempt[CONFORMANCE_TEXT_MAX];
};

void test_fail(struct test *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Ends the test function with a sentence unless cond. A failure of the rig that came first is kept. */
#define NEED(t, cond, ...)                         \
	do {                                       \
		if (!(cond)) {                     \
			test_fail(t, __VA_ARGS__); \
			return;                    \
		}                                  \
	} while (0)

/* A door of the stack at its own address and a free port. */
struct door *test_door(struct test *t, enum end_mode mode);
/* Both ends of a connection from the peer to the stack; false: failed. */
bool test_pair(struct test *t, struct door *door, struct end **end, struct peer_conn **conn);
/* Both ends of a connection from the stack to the peer. */
bool test_pair_out(struct test *t, struct end **end, struct peer_conn **conn);
/* Can the peer reset a connection? A twin cannot where aborts do not: then the test is exempt, for that capability. */
bool test_resets(struct test *t);
/* Descriptors that this process has. */
unsigned test_descriptors(void);
/* Processes that this one has started, and theirs; and all descriptors of them that may be looked at. */
struct test_family {
	unsigned processes, descriptors;
};
struct test_family test_family(void);

/* X(function, capabilities it needs, what lacks without them) */
#define CONFORMANCE_TESTS(X)                                                                \
	X(accept_one, SGT_CAP_LISTEN, "cannot listen")                                      \
	X(accept_ipv6, SGT_CAP_IPV6_LISTEN, "cannot listen on IPv6")                        \
	X(accept_on_every_address, SGT_CAP_LISTEN, "cannot listen")                         \
	X(connect_one, SGT_CAP_CONNECT, "cannot connect")                                   \
	X(connect_ipv6, SGT_CAP_IPV6_CONNECT, "cannot connect to IPv6")                     \
	X(connect_refused, SGT_CAP_CONNECT, "cannot connect")                               \
	X(connect_dead_ends_by_close, SGT_CAP_CONNECT, "cannot connect")                    \
	X(connect_pending_is_aborted, SGT_CAP_CONNECT, "cannot connect")                    \
	X(connect_from_source, SGT_CAP_CONNECT, "cannot connect")                           \
	X(send_before_connected, SGT_CAP_CONNECT, "cannot connect")                         \
	X(close_in_accepted, SGT_CAP_LISTEN, "cannot listen")                               \
	X(abort_in_accepted, SGT_CAP_LISTEN, "cannot listen")                               \
	X(close_others_in_event, SGT_CAP_LISTEN, "cannot listen")                           \
	X(unlisten_in_accepted, SGT_CAP_LISTEN, "cannot listen")                            \
	X(unlisten_keeps_connections, SGT_CAP_LISTEN, "cannot listen")                      \
	X(set_user_changes_events, SGT_CAP_LISTEN, "cannot listen")                         \
	X(echo_by_1, SGT_CAP_LISTEN, "cannot listen")                                       \
	X(echo_by_2, SGT_CAP_LISTEN, "cannot listen")                                       \
	X(echo_by_7, SGT_CAP_LISTEN, "cannot listen")                                       \
	X(echo_all, SGT_CAP_LISTEN, "cannot listen")                                        \
	X(echo_connected, SGT_CAP_CONNECT, "cannot connect")                                \
	X(send_pieces, SGT_CAP_LISTEN, "cannot listen")                                     \
	X(send_twice_is_busy, SGT_CAP_LISTEN, "cannot listen")                              \
	X(send_after_shutdown, SGT_CAP_LISTEN, "cannot listen")                             \
	X(half_close_by_peer, SGT_CAP_LISTEN, "cannot listen")                              \
	X(half_close_by_us, SGT_CAP_LISTEN, "cannot listen")                                \
	X(reset_by_peer, SGT_CAP_LISTEN, "cannot listen")                                   \
	X(reset_while_held, SGT_CAP_LISTEN, "cannot listen")                                \
	X(reset_while_stopped, SGT_CAP_LISTEN, "cannot listen")                             \
	X(abort_reaches_peer, SGT_CAP_LISTEN | SGT_CAP_ABORT, "cannot reset by abort")      \
	X(close_while_sending, SGT_CAP_LISTEN, "cannot listen")                             \
	X(close_while_lent, SGT_CAP_LISTEN, "cannot listen")                                \
	X(close_delivers_what_was_sent, SGT_CAP_LISTEN, "cannot listen")                    \
	X(slow_reader_stops_peer, SGT_CAP_LISTEN, "cannot listen")                          \
	X(slow_peer_holds_sent, SGT_CAP_LISTEN, "cannot listen")                            \
	X(counters_count, SGT_CAP_LISTEN, "cannot listen")                                  \
	X(bytes_cross_the_network, SGT_CAP_LISTEN, "cannot listen")                         \
	X(wakeup_ends_run, 0, "")                                                           \
	X(wakeup_from_thread, 0, "")                                                        \
	X(run_keeps_time, 0, "")                                                            \
	X(start_stop_hundred, SGT_CAP_LISTEN, "cannot listen")                              \
	X(create_destroy_hundred, 0, "")                                                    \
	X(destroy_at_any_time, 0, "")                                                       \
	X(planned_listener, SGT_CAP_LISTEN, "cannot listen")                                \
	X(detect_is_harmless, 0, "")                                                        \
	X(instances_reach_each_other, SGT_CAP_LISTEN | SGT_CAP_CONNECT | SGT_CAP_INSTANCES, \
	  "has one stack a process, or one direction")                                      \
	X(share_divides, SGT_CAP_LISTEN | SGT_CAP_SHARE | SGT_CAP_INSTANCES,                \
	  "does not share listeners")                                                       \
	X(bind_twice, SGT_CAP_LISTEN, "cannot listen")                                      \
	X(addresses_good, SGT_CAP_IPV4, "has addresses that are not IP")                    \
	X(addresses_bad, SGT_CAP_IPV4, "has addresses that are not IP")                     \
	X(own_addresses_are_addresses, 0, "")                                               \
	X(datagrams_echo, SGT_CAP_DATAGRAMS, "carries no datagrams")                        \
	X(datagrams_close_in_event, SGT_CAP_DATAGRAMS, "carries no datagrams")              \
	X(table_is_complete, 0, "")                                                         \
	X(sessions_300, SGT_CAP_LISTEN, "cannot listen")                                    \
	X(sessions_many, SGT_CAP_LISTEN, "cannot listen")

#define CONFORMANCE_DECLARE(fn, caps, lack) void conformance_##fn(struct test *t);
CONFORMANCE_TESTS(CONFORMANCE_DECLARE)
#undef CONFORMANCE_DECLARE

#endif
