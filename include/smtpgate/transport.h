/*
 * The transport ABI of smtpgate: what a TCP/IP must do to carry mail.
 *
 * A module is one shared object CODE.so (or a preloaded archive) that exports one constant:
 *
 *	SGT_EXPORT const struct sgt_module SGT_MODULE(lmn) = { SGT_MODULE_HEAD, .code = "lmn", ... };
 *
 * The life of a stack
 *
 *	create -> detect* -> prepare -> [ start -> run* -> stop ]* -> destroy
 *
 * - create    checks settings and keeps what it needs of them; touches nothing outside the process.
 * - detect    says whether this TCP/IP could be started now, and if not why. No side effects, under 1 s.
 * - prepare   once, on the main thread, before any thread exists and before rights are dropped: helpers, tun
 *             descriptors, and binding the planned listeners (so that low ports need no root later).
 * - probe     optional, between prepare and start: looks at the network below this stack for `smtpgate probe`, see there.
 * - start     on the thread that will run the stack. May come again after stop, without root: what prepare
 *             got is kept. Handles of an earlier start are dead.
 * - run       waits at most timeout_ms (0: does not wait; never longer than asked, wakeup cuts it short) and
 *             delivers events through host->deliver, one at a time. Nothing else blocks.
 * - stop      ends all connections at once (no CLOSED events follow); frees what start made.
 * - destroy   frees the rest. Allowed after create in any state but started (call stop first).
 *
 * Threads: create, detect, prepare, probe and destroy run on the main thread; everything else on the one thread that
 * called start; wakeup alone may be called from any thread, at any time between start's return and stop.
 *
 * Events
 *
 * - Events are delivered from within run and from nowhere else. The callee may call every function of the
 *   stack but run, start, stop and destroy, also close and abort on the handle of the event.
 * - ACCEPTED    a listener has a connection; event.user is the listener's. The callee gives the connection its own
 *               user pointer with set_user before it returns, or closes it.
 * - CONNECTED   a connect succeeded. Before it, send is refused with SGT_STATE.
 * - DATA        bytes arrived. They are lent: they stay where they are until consume returned them, in order, in
 *               any portions. A stack lends at most lend_max bytes a connection and lets its peer wait meanwhile
 *               (TCP's window closes): not consuming is how the core slows a peer down.
 * - SENT        the bytes of the last send were taken by the stack; their memory is the caller's again.
 * - PEER_EOF    the peer sent all it will. Sending stays possible (half close). After all its DATA.
 * - ERROR       the connection is lost or could not be made (event.error). The handle must still be closed. Bytes
 *               lent stay valid until then; no event but CLOSED follows.
 * - CLOSED      the last event of a handle, exactly one for each close or abort. Then the handle is dead, and
 *               memory lent to send is the caller's again. Between close and CLOSED nothing else is delivered.
 * - DATAGRAM    a datagram arrived on a datagram handle; lent during the call only.
 * - DOWN        the stack itself was lost (cable, helper, switch): event.error says how. Every handle is lost
 *               without events of its own; the core calls stop, and start again later.
 *
 * Order: a connection's events come in the order ACCEPTED or CONNECTED, then DATA/SENT in any order, PEER_EOF after
 * the last DATA. ERROR at most once.
 *
 * Sending: one send at a time for a connection (the next after SENT; SGT_BUSY before). All of its bytes are sent or
 * the connection fails. shutdown sends what was taken, then the end. close lets the stack deliver what SENT
 * confirmed (as a kernel does); abort throws it away and resets the connection where SGT_CAP_ABORT is set.
 *
 * Addresses are text, because not every network's are IP: "192.0.2.1:25", "[2001:db8::1]:25", "*:25" (every
 * address of this stack), or what the module says. The module parses and prints them.
 *
 * Errors: a function that can fail returns an sgt_result and fills *error (never NULL): the original's number where
 * there is one, a sentence for the operator and, where there is one, a remedy that works when pasted.
 *
 * Compatibility: structs grow at the end only. `size` is what the module was compiled with; the core reads nothing
 * behind it. A module of ABI 1 loads in every smtpgate 1.x; functions that may be NULL say so.
 */
#ifndef SMTPGATE_TRANSPORT_H
#define SMTPGATE_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SGT_ABI 1

/* The symbol that libltdl looks for: CODE_LTX_smtpgate_transport. */
#define SGT_MODULE(code) code##_LTX_smtpgate_transport
#define SGT_MODULE_HEAD .abi = SGT_ABI, .size = sizeof(struct sgt_module)
#if defined(__GNUC__)
#define SGT_EXPORT extern __attribute__((visibility("default")))
#else
#define SGT_EXPORT extern
#endif

/* X(name, number of the original or 0, word, sentence). The numbers are those that the gateway of 1993 printed. */
#define SGT_RESULT_LIST(X)                                                                   \
	X(SGT_OK, 0, "ok", "done")                                                           \
	X(SGT_NOMEM, 0, "no-memory", "memory is short")                                      \
	X(SGT_BUSY, 0, "busy", "an earlier call has not finished")                           \
	X(SGT_STATE, 0, "state", "the call does not fit the state of the handle")            \
	X(SGT_BAD_ADDRESS, 0, "bad-address", "the address is not one of this network")       \
	X(SGT_BAD_SETTING, 0, "bad-setting", "a setting is faulty")                          \
	X(SGT_UNSUPPORTED, 0, "unsupported", "this TCP/IP cannot do it")                     \
	X(SGT_LIMIT, 0, "limit", "no more connections or descriptors can be opened")         \
	X(SGT_CLOSED_HANDLE, 9, "bad-handle", "the connection was closed before")            \
	X(SGT_RESET, 52, "reset", "the peer reset the connection or the network dropped it") \
	X(SGT_NOT_CONNECTED, 57, "not-connected", "the connection is not established")       \
	X(SGT_IN_USE, 110, "in-use", "the address is in use")                                \
	X(SGT_READ, 116, "read", "reading from the network failed")                          \
	X(SGT_WRITE, 119, "write", "writing to the network failed")                          \
	X(SGT_CONNECT, 121, "connect", "the connection could not be made")                   \
	X(SGT_REFUSED, 121, "connect-refused", "the peer refuses connections on this port")  \
	X(SGT_UNREACHABLE, 121, "unreachable", "there is no way to the peer")                \
	X(SGT_TIMEOUT, 121, "connect-timeout", "the peer does not answer")                   \
	X(SGT_SOCKET, 123, "socket", "TCP/IP cannot be started")                             \
	X(SGT_DENIED, 123, "denied", "rights forbid it")

enum sgt_result {
#define SGT_RESULT_ENUM(name, number, word, sentence) name,
	SGT_RESULT_LIST(SGT_RESULT_ENUM)
#undef SGT_RESULT_ENUM
		SGT_RESULT_COUNT
};

#define SGT_TEXT_MAX 256    /* sentences and remedies, with the NUL */
#define SGT_ADDRESS_MAX 128 /* printed addresses, with the NUL */
#define SGT_SEND_PIECES 16  /* pieces of one send */

struct sgt_error {
	enum sgt_result result;
	int number; /* of the original: 110, 121, 123 ...; 0 when it had none */
	char text[SGT_TEXT_MAX];
	char remedy[SGT_TEXT_MAX]; /* may be empty */
};

/* Capability bits. What a module does not have, the conformance suite prints as exempt. */
#define SGT_CAP_LISTEN (1ull << 0)       /* can listen */
#define SGT_CAP_CONNECT (1ull << 1)      /* can connect */
#define SGT_CAP_DATAGRAMS (1ull << 2)    /* carries datagrams (names travel by them) */
#define SGT_CAP_IPV4 (1ull << 3)         /* addresses may be IPv4 */
#define SGT_CAP_IPV6_LISTEN (1ull << 4)  /* can listen on IPv6 */
#define SGT_CAP_IPV6_CONNECT (1ull << 5) /* can connect to IPv6 */
#define SGT_CAP_ABORT (1ull << 6)        /* abort reaches the peer as a reset */
#define SGT_CAP_INSTANCES (1ull << 7)    /* several stacks of this module in one process */
#define SGT_CAP_SHARE \
	(1ull << 8) /* several stacks may listen on one address and share its connections */
#define SGT_CAP_NAMES \
	(1ull << 9) /* connect takes host names: nothing is resolved outside the stack */
#define SGT_CAP_HANDED (1ull << 10) /* takes listening descriptors from the service manager */

/* ---- settings ---- */

enum sgt_type {
	SGT_TEXT,
	SGT_INT,    /* number */
	SGT_SIZE,   /* number in bytes */
	SGT_TIME,   /* number in milliseconds */
	SGT_BOOL,   /* number 0 or 1 */
	SGT_ENUM,   /* number = index in `words`, text = the word */
	SGT_ADDR,   /* text, HOST:PORT or HOST, not yet parsed */
	SGT_NET,    /* text, ADDRESS/BITS */
	SGT_PATH,   /* text, absolute */
	SGT_SECRET, /* text, already read from where the ini points */
};

#define SGT_KEY_MANY 1u /* may be given several times or as a list */

struct sgt_key {
	const char *name; /* NULL ends the table */
	enum sgt_type type;
	const char *standard;     /* default as it would stand in the ini, or NULL: unset */
	int64_t min, max;         /* for INT, SIZE and TIME; both 0: no bound */
	const char *const *words; /* for ENUM, NULL-terminated */
	unsigned flags;
	const char *help; /* one sentence for the manual and `smtpgate config` */
};

/* The value of the key with the same index in the module's table. */
struct sgt_value {
	size_t count;             /* 0: unset and no default */
	const char *const *texts; /* count of them; valid during create only */
	int64_t number;           /* of the first, for the numeric types */
};

/* A listening descriptor handed over by the service manager (LISTEN_FDS). The core owns it. */
struct sgt_handed {
	int fd;
	const char *name; /* LISTEN_FDNAMES, "" when it gave none */
};

/* A listener that the configuration will open on this stack. */
struct sgt_plan {
	const char *name;    /* of its section, "lan" */
	const char *address; /* as in the ini, "*:25" */
	int share;           /* several stacks will listen on it (needs SGT_CAP_SHARE) */
};

/* What create gets. All pointers are valid during create only, but for handed, which lives until destroy. */
struct sgt_create {
	size_t size;      /* of this struct, as the core knows it */
	const char *name; /* of the [vendor NAME] section */
	const struct sgt_value *values;
	const struct sgt_plan *plans;
	size_t plan_count;
	const struct sgt_handed *handed;
	size_t handed_count;
	const char *
		state_dir; /* a folder of mode 0700 for this stack's own sockets; may not exist yet, or NULL */
};

/* ---- events ---- */

struct sgt_stack;    /* each module defines its own */
struct sgt_listener; /* likewise */
struct sgt_conn;
struct sgt_dgram;

enum sgt_event_type {
	SGT_EV_ACCEPTED,
	SGT_EV_CONNECTED,
	SGT_EV_DATA,
	SGT_EV_SENT,
	SGT_EV_PEER_EOF,
	SGT_EV_ERROR,
	SGT_EV_CLOSED,
	SGT_EV_DATAGRAM,
	SGT_EV_DOWN,
};

struct sgt_event {
	enum sgt_event_type type;
	void *user; /* of the connection or datagram handle; of the listener in ACCEPTED */
	struct sgt_listener *listener;
	struct sgt_conn *conn;
	struct sgt_dgram *dgram;
	const void *data; /* DATA, DATAGRAM */
	size_t len;       /* DATA, DATAGRAM; SENT: bytes of the send */
	/* ACCEPTED and CONNECTED: both ends as the stack prints them, "192.0.2.1:40022". DATAGRAM: peer. */
	const char *peer;
	const char *local;
	const struct sgt_error *error; /* ERROR, DOWN */
};

enum sgt_level { SGT_LOG_ERROR, SGT_LOG_WARN, SGT_LOG_INFO, SGT_LOG_DEBUG };

/* What the core lends to a stack. Valid until destroy. A module needs no other symbol of the daemon. */
struct sgt_host {
	size_t size;
	void *ctx;
	void (*deliver)(void *ctx, const struct sgt_event *event);
	void (*log)(void *ctx, enum sgt_level level, const char *text); /* from any thread */
	uint64_t (*now_ms)(void *ctx); /* monotonic; from any thread */
	uint64_t (*random)(void *ctx); /* 64 bits; from any thread */
	/* realloc's contract; size 0 frees. From any thread. */
	void *(*alloc)(void *ctx, void *old, size_t size);
};

/* ---- detect and counters ---- */

enum sgt_state {
	SGT_RUNNING,     /* it can be started now */
	SGT_NOT_RUNNING, /* the provider is there but does not run */
	SGT_FORBIDDEN,   /* it runs, but our rights keep us out */
	SGT_ABSENT,      /* the provider is not on this machine */
};

struct sgt_report {
	enum sgt_state state;
	char detail[SGT_TEXT_MAX]; /* what was found: "IPv4, IPv6", "vde:///run/vde.ctl" */
	char cause[SGT_TEXT_MAX];  /* when not running: one sentence */
	char remedy[SGT_TEXT_MAX]; /* a command that works when pasted, or advice; may be empty */
};

/* What probe found at one layer: "link", "address", "conflict", "gateway", or a word of the module's own. */
struct sgt_finding {
	size_t size; /* of this struct, as the module knows it */
	const char *layer;
	enum sgt_result result; /* SGT_OK: good, or it does not apply here (text says so) */
	const char *text;       /* good: what was found; else the cause, one sentence */
	const char *remedy;     /* a command that works when pasted, or advice; may be NULL */
};

/* An address that a stack answers for on a network where other hosts may be: see claims. */
struct sgt_claim {
	size_t size; /* of this struct, as the module knows it */
	const char *
		network; /* one text for one network, whatever module says it: "vde:///run/vde.ctl" */
	const char *key;     /* of the setting that says so: "address" */
	const char *address; /* as printed without port, or a MAC; letters of either case are one */
	const void *host;    /* who has it: stacks of one module that say the same are one host */
};

struct sgt_counters {
	uint64_t bytes_in, bytes_out; /* payload bytes that crossed this stack's network */
	uint64_t accepted, connected, failed;
	uint64_t open; /* connections now */
};

/* ---- functions ---- */

struct sgt_bytes {
	const void *data;
	size_t len;
};

struct sgt_module {
	uint32_t abi;
	uint32_t size;
	const char *code;     /* "lmn": equals the file's name */
	const char *vendor;   /* the original's: "Microsoft LAN Manager for MS-DOS" */
	const char *provider; /* what carries it: "the host's TCP/IP, by epoll" */
	const char *version;  /* of the module and what it links */
	uint64_t caps;
	size_t lend_max;            /* bytes lent at most on a connection */
	const struct sgt_key *keys; /* ends with a NULL name */

	enum sgt_result (*create)(const struct sgt_host *host, const struct sgt_create *with,
				  struct sgt_stack **stack, struct sgt_error *error);
	void (*detect)(struct sgt_stack *stack, struct sgt_report *report);
	enum sgt_result (*prepare)(struct sgt_stack *stack, struct sgt_error *error);
	enum sgt_result (*start)(struct sgt_stack *stack, struct sgt_error *error);
	/* SGT_OK, or an error that means the same as DOWN. */
	enum sgt_result (*run)(struct sgt_stack *stack, int timeout_ms, struct sgt_error *error);
	void (*wakeup)(struct sgt_stack *stack);
	void (*stop)(struct sgt_stack *stack);
	void (*destroy)(struct sgt_stack *stack);

	/* Checks an address and writes its canonical form. default_port 0: the port must be given. Works before
	 * start. A bare host without port is allowed when default_port is not 0. */
	enum sgt_result (*address)(struct sgt_stack *stack, const char *text, unsigned default_port,
				   char out[SGT_ADDRESS_MAX], struct sgt_error *error);

	/* plan->name is how a handed descriptor is found, before its address. SGT_IN_USE names the holder if known. */
	enum sgt_result (*listen)(struct sgt_stack *stack, const struct sgt_plan *plan, void *user,
				  struct sgt_listener **listener, struct sgt_error *error);
	/* The address that a listener got, as the stack prints it (a port 0 asked for is filled in). */
	const char *(*listener_address)(struct sgt_listener *listener);
	/* Ends a listener at once; its handle is dead on return. Accepted connections live on. */
	void (*unlisten)(struct sgt_listener *listener);

	/* address: canonical. source: own address to come from ("192.0.2.7"), or NULL. On SGT_OK exactly one CONNECTED
	 * or ERROR follows. */
	enum sgt_result (*connect)(struct sgt_stack *stack, const char *address, const char *source,
				   void *user, struct sgt_conn **conn, struct sgt_error *error);
	void (*set_user)(struct sgt_conn *conn, void *user);
	/* Lends up to SGT_SEND_PIECES pieces until SENT or CLOSED. The array itself is not kept. */
	enum sgt_result (*send)(struct sgt_conn *conn, const struct sgt_bytes *pieces,
				size_t count);
	/* Returns n lent bytes, oldest first. */
	void (*consume)(struct sgt_conn *conn, size_t n);
	/* Ends our direction after what was sent. */
	enum sgt_result (*shutdown)(struct sgt_conn *conn);
	void (*close)(struct sgt_conn *conn);
	void (*abort)(struct sgt_conn *conn);

	/* Datagrams; all NULL without SGT_CAP_DATAGRAMS. local: "*:0", "[::]:0" or an address. */
	enum sgt_result (*dgram_open)(struct sgt_stack *stack, const char *local, void *user,
				      struct sgt_dgram **dgram, struct sgt_error *error);
	/* Takes a copy; a datagram that does not fit the network's queues is lost, as datagrams may be. */
	enum sgt_result (*dgram_send)(struct sgt_dgram *dgram, const char *to, const void *data,
				      size_t len);
	void (*dgram_close)(struct sgt_dgram *dgram); /* dead on return */

	void (*counters)(struct sgt_stack *stack, struct sgt_counters *counters);
	/* Calls fn for each own address (without port), while started. */
	void (*own_addresses)(struct sgt_stack *stack, void (*fn)(void *ctx, const char *address),
			      void *ctx);

	/* ---- those above are the first ABI 1; those below may be NULL, or lie behind `size` ---- */

	/*
	 * For `smtpgate probe`: climbs the layers between the provider and the stack itself, and calls fn for each
	 * as it is reached, lowest first, at most 16. Stops by itself after the first that is not good.
	 *
	 *	link      the wire or switch is there and takes us: its name, our MAC
	 *	address   our own addresses can be had there
	 *	conflict  nobody else answers for them (SGT_IN_USE, with who does)
	 *	gateway   it answers (SGT_UNREACHABLE: it does not), or none is set and only this network is reached
	 *
	 * Called once after prepare (also after one that failed), on the main thread, while the stack is not started. The stack of a running gateway
	 * may be on the same network with the same settings: disturb it not, open what you need (a port of the switch,
	 * a socket) for yourself, and close it before you return. May wait, at most limit_ms in all; delivers no events.
	 * SGT_SOCKET and SGT_DENIED mean that start would fail as well: the program ends with 123 then.
	 */
	void (*probe)(struct sgt_stack *stack, int limit_ms,
		      void (*fn)(void *ctx, const struct sgt_finding *finding), void *ctx);

	/*
	 * For who is a host of its own on a network: calls fn for each address that the settings give this stack there, right
	 * after create. Another host of this process with one of them, of whatever module, would take its frames: the core
	 * destroys the stack and says whose it is.
	 */
	void (*claims)(struct sgt_stack *stack,
		       void (*fn)(void *ctx, const struct sgt_claim *claim), void *ctx);
};

/* Does a module have this optional function? sgt_module_has(m, probe) */
#define sgt_module_has(module, function)                                                         \
	((module)->size >= offsetof(struct sgt_module, function) + sizeof((module)->function) && \
	 (module)->function)

#ifdef __cplusplus
}
#endif

#endif
