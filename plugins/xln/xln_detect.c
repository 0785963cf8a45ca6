/*
 * Could io_uring be used now? A ring is made and thrown away again; where the kernel refuses, the
 * machine is asked why: a sysctl, a seccomp filter, its age. Changes nothing.
 */
#include "xln/xln.h"
#include "support/look.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#define OLDEST_MAJOR 6 /* 6.0: multishot receive */

/* ---- what the machine says ---- */

static int read_disabled(void)
{
	FILE *f = fopen("/proc/sys/kernel/io_uring_disabled", "re");
	int value = -1;
	if (f && fscanf(f, "%d", &value) != 1)
		value = -1;
	if (f)
		fclose(f);
	return value;
}

static bool is_filtered(void)
{
	char line[256];
	int mode = 0;
	FILE *f = fopen("/proc/self/status", "re");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "Seccomp: %d", &mode) == 1)
			break;
	if (f)
		fclose(f);
	return mode != 0;
}

static void read_release(char out[64])
{
	struct utsname name;
	snprintf(out, 64, "%.60s", uname(&name) == 0 ? name.release : "of an unknown release");
}

const struct xln_kernel xln_kernel_real = {.open = xln_ring_open,
					   .disabled = read_disabled,
					   .filtered = is_filtered,
					   .release = read_release};
const struct xln_kernel *xln_kernel = &xln_kernel_real;

/* ---- why not ---- */

static void __attribute__((format(printf, 4, 5)))
because(struct sgt_report *r, enum sgt_state state, const char *remedy, const char *cause, ...)
{
	va_list args;
	r->state = state;
	snprintf(r->remedy, sizeof r->remedy, "%s", remedy);
	va_start(args, cause);
	vsnprintf(r->cause, sizeof r->cause, cause, args);
	va_end(args);
}

static void explain_old(struct sgt_report *r)
{
	char release[64];
	xln_kernel->release(release);
	if (strtol(release, NULL, 10) >= OLDEST_MAJOR)
		because(r, SGT_ABSENT, "vendor = lmn",
			"io_uring is not in this kernel: Linux %s was built without it", release);
	else
		because(r, SGT_ABSENT,
			"apt-get install linux-image-amd64    # and restart; until then vendor = "
			"lmn",
			"io_uring of Linux %s is too old: xln needs 6.0 or later", release);
}

static void explain_filter(struct sgt_report *r)
{
	because(r, SGT_FORBIDDEN,
		"systemctl edit smtpgate    # [Service] SystemCallFilter=@aio; of a container: the "
		"seccomp profile must allow io_uring_setup, io_uring_enter, io_uring_register",
		"a seccomp filter forbids io_uring to this process");
}

static void explain_rights(struct sgt_report *r)
{
	static const char remedy[] = "sysctl -w kernel.io_uring_disabled=0";
	switch (xln_kernel->disabled()) {
	case 2:
		because(r, SGT_NOT_RUNNING, remedy,
			"io_uring is disabled on this machine (kernel.io_uring_disabled = 2)");
		return;
	case 1:
		because(r, SGT_FORBIDDEN, remedy,
			"io_uring is disabled for this user (kernel.io_uring_disabled = 1)");
		return;
	default:
		break;
	}
	if (xln_kernel->filtered())
		explain_filter(r);
	else
		because(r, SGT_FORBIDDEN, "dmesg | grep -i denied    # names the security module",
			"a security module of the kernel forbids io_uring to this process");
}

void xln_explain(const struct sgt_stack *stack, int e, struct sgt_report *r)
{
	char remedy[SGT_TEXT_MAX];
	switch (-e) {
	case EPERM:
	case EACCES:
		explain_rights(r);
		break;
	case ENOSYS: /* some filters say so too */
		if (xln_kernel->filtered())
			explain_filter(r);
		else
			explain_old(r);
		break;
	case EINVAL:
	case EOPNOTSUPP:
		explain_old(r);
		break;
	case ENOMEM:
		snprintf(remedy, sizeof remedy,
			 "buffers = 1M    ; in [vendor %.60s], and entries = 256", stack->name);
		because(r, SGT_NOT_RUNNING, remedy,
			"memory is short for io_uring with entries = %u and buffers = %zuK",
			stack->entries, stack->buffers / 1024);
		break;
	default:
		because(r, SGT_NOT_RUNNING, "vendor = lmn", "io_uring cannot be set up: %s",
			strerrordesc_np(-e));
		break;
	}
}

/* ---- detect ---- */

static void describe(struct sgt_report *report, const struct xln_ring *ring)
{
	char families[64], release[64];
	snprintf(families, sizeof families, "%.60s", report->detail);
	xln_kernel->release(release);
	snprintf(report->detail, sizeof report->detail, "Linux %.30s%s%s%s; %s", release,
		 ring->setup & IORING_SETUP_SINGLE_ISSUER ? ", SINGLE_ISSUER" : "",
		 ring->setup & IORING_SETUP_DEFER_TASKRUN ? ", DEFER_TASKRUN" : "",
		 ring->setup & IORING_SETUP_SQPOLL ? ", SQPOLL" : "", families);
}

static bool look_at_ring(struct sgt_stack *stack, struct sgt_report *report)
{
	struct xln_ring ring;
	int e = xln_kernel->open(&ring, stack->entries, stack->sqpoll);
	if (e < 0) {
		xln_explain(stack, e, report);
		return false;
	}
	describe(report, &ring);
	xln_ring_close(&ring);
	return true;
}

void xln_detect(struct sgt_stack *stack, struct sgt_report *report)
{
	struct look l;
	look_begin(&l, report);
	if (look_at_families(&l) && look_at_loopback(&l) && look_at_ring(stack, report))
		report->state = SGT_RUNNING;
	look_end(&l);
}
