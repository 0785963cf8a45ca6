/*
 * Who holds a port? The kernel's tables /proc/net/tcp and tcp6 name the socket's inode, and the
 * process that has a descriptor of that inode is the holder. Processes of others are seen by root
 * only; then the uid must do. Owns nothing; fails silently, the sentence then says less.
 */
#include "support/holder.h"
#include "support/error.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATE_LISTEN 0x0a

struct holder {
	unsigned long inode;
	unsigned uid;
	long pid;      /* 0: not visible */
	char name[32]; /* of the program */
};

/* Do two listeners on these addresses exclude each other? The table's are of the same port already.
 */
static bool excludes(const struct ipaddr *wanted, const struct ipaddr *held)
{
	static const struct in6_addr zero;
	if (ipaddr_equal(wanted, held))
		return true;
	const unsigned char *b = wanted->u.sa.sa_family == AF_INET
					 ? (const unsigned char *)&wanted->u.in4.sin_addr
					 : wanted->u.in6.sin6_addr.s6_addr;
	size_t n = wanted->u.sa.sa_family == AF_INET ? 4 : 16;
	bool wanted_all = memcmp(b, &zero, n) == 0;
	bool held_all = held->u.sa.sa_family == AF_INET
				? held->u.in4.sin_addr.s_addr == INADDR_ANY
				: IN6_IS_ADDR_UNSPECIFIED(&held->u.in6.sin6_addr);
	return wanted_all || held_all;
}

/* The kernel prints addresses as host-order words. */
static bool read_held(const char *hex, unsigned port, struct ipaddr *a)
{
	size_t words = strlen(hex) / 8;
	uint32_t w[4];
	memset(a, 0, sizeof *a);
	if (words != 1 && words != 4)
		return false;
	for (size_t i = 0; i < words; i++) {
		char one[9] = "";
		memcpy(one, hex + 8 * i, 8);
		w[i] = (uint32_t)strtoul(one, NULL, 16);
	}
	a->u.sa.sa_family = words == 1 ? AF_INET : AF_INET6;
	if (words == 1)
		memcpy(&a->u.in4.sin_addr, w, 4);
	else
		memcpy(&a->u.in6.sin6_addr, w, 16);
	ipaddr_set_port(a, port);
	return true;
}

static bool find_inode(const char *table, const struct ipaddr *wanted, struct holder *h)
{
	char line[512], hex[33];
	bool found = false;
	FILE *f = fopen(table, "re");
	while (f && !found && fgets(line, sizeof line, f)) {
		unsigned port, state;
		struct ipaddr held;
		if (sscanf(line, " %*u: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %u %*u %lu",
			   hex, &port, &state, &h->uid, &h->inode) != 5)
			continue;
		found = state == STATE_LISTEN && port == ipaddr_port(wanted) &&
			read_held(hex, port, &held) && excludes(wanted, &held);
	}
	if (f)
		fclose(f);
	return found;
}

/* Has the process a descriptor that reads as `link`? */
static bool has_descriptor(const char *pid, const char *link)
{
	char path[320], is[64];
	snprintf(path, sizeof path, "/proc/%.20s/fd", pid);
	DIR *d = opendir(path);
	bool found = false;
	for (struct dirent *e; d && !found && (e = readdir(d));) {
		snprintf(path, sizeof path, "/proc/%.20s/fd/%.20s", pid, e->d_name);
		ssize_t n = readlink(path, is, sizeof is - 1);
		is[n > 0 ? n : 0] = '\0';
		found = strcmp(is, link) == 0;
	}
	if (d)
		closedir(d);
	return found;
}

static void read_program(struct holder *h)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%ld/comm", h->pid);
	FILE *f = fopen(path, "re");
	if (!f || !fgets(h->name, sizeof h->name, f))
		snprintf(h->name, sizeof h->name, "a program");
	h->name[strcspn(h->name, "\n")] = '\0';
	if (f)
		fclose(f);
}

static void find_process(struct holder *h)
{
	char link[64];
	snprintf(link, sizeof link, "socket:[%lu]", h->inode);
	DIR *d = opendir("/proc");
	for (struct dirent *e; d && !h->pid && (e = readdir(d));)
		if (isdigit((unsigned char)e->d_name[0]) && has_descriptor(e->d_name, link))
			h->pid = strtol(e->d_name, NULL, 10);
	if (d)
		closedir(d);
	if (h->pid)
		read_program(h);
}

static void name_holder(struct sgt_error *error, const struct ipaddr *address, const char *listener)
{
	struct holder h = {.pid = 0};
	char text[SGT_ADDRESS_MAX];
	ipaddr_format(address, text);
	bool known = find_inode("/proc/net/tcp", address, &h) ||
		     find_inode("/proc/net/tcp6", address, &h);
	if (known)
		find_process(&h);
	if (h.pid == getpid())
		error_set(error, SGT_IN_USE,
			  "%s is in use: this gateway itself (pid %ld) listens there", text, h.pid);
	else if (h.pid)
		error_set(error, SGT_IN_USE, "%s is in use: %s (pid %ld) listens there", text,
			  h.name, h.pid);
	else if (known)
		error_set(error, SGT_IN_USE, "%s is in use: a program of uid %u listens there",
			  text, h.uid);
	else
		error_set(error, SGT_IN_USE, "%s is in use", text);
	if (h.pid && h.pid != getpid())
		error_remedy(error, "kill %ld    # or another address in [listen %.60s]", h.pid,
			     listener);
	else if (h.pid)
		error_remedy(error, "give [listen %.60s] another address", listener);
	else
		error_remedy(error, "ss -ltnp 'sport = :%u'    # as root: names who it is",
			     ipaddr_port(address));
}

void holder_explain(void *ctx, const struct sock_port *port, struct sgt_error *error)
{
	unsigned number = ipaddr_port(&port->address);
	(void)ctx;
	switch (error->result) {
	case SGT_IN_USE:
		name_holder(error, &port->address, port->name);
		break;
	case SGT_DENIED:
		error_set(error, SGT_DENIED, "rights forbid to listen at %s", port->text);
		error_remedy(error,
			     "sysctl net.ipv4.ip_unprivileged_port_start=%u    # or start as root",
			     number);
		break;
	case SGT_BAD_ADDRESS:
		error_set(error, SGT_BAD_ADDRESS, "%s is not an address of this machine",
			  port->text);
		error_remedy(error, "ip address show");
		break;
	default:
		break;
	}
}
