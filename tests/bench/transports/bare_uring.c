/*
 * bare_uring ADDRESS:PORT BULK: the service over io_uring, for xln: multishot accept and receive, buffers that the kernel picks,
 * one task at a time and its work deferred, as `man io_uring_setup` advises for one thread.
 */
#include "bench/transports/bare_epoll.h"
#include "bench/transports/service.h"

#include <liburing.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define ENTRIES 4096u
#define BUFFERS 512u /* a power of two */
#define BUFFER 16384u

enum what { ACCEPT, RECV, SEND };

struct session {
	int fd;
	char mode;
	size_t left; /* of the send under way and of the bulk behind it */
	const char *from;
	int buffer;        /* that is sent back; -1: none */
	unsigned inflight; /* operations that the kernel has */
	int ended;
};

static struct io_uring ring;
static struct io_uring_buf_ring *given;
static char *buffers;
static char zeros[SERVICE_PIECE];
static size_t bulk;
static int door;

static struct io_uring_sqe *next(void)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
	if (sqe)
		return sqe;
	io_uring_submit(&ring);
	return io_uring_get_sqe(&ring);
}

/* Sessions are aligned: what it was stands in the low bits. */
static void mark(struct io_uring_sqe *sqe, struct session *s, enum what what)
{
	if (s)
		s->inflight++;
	io_uring_sqe_set_data64(sqe, (uint64_t)(uintptr_t)s | what);
}

static void give_back(int buffer)
{
	io_uring_buf_ring_add(given, buffers + (size_t)buffer * BUFFER, BUFFER,
			      (unsigned short)buffer, (int)(BUFFERS - 1), 0);
	io_uring_buf_ring_advance(given, 1);
}

static void arm_accept(void)
{
	struct io_uring_sqe *sqe = next();
	io_uring_prep_multishot_accept(sqe, door, NULL, NULL, SOCK_CLOEXEC);
	mark(sqe, NULL, ACCEPT);
}

static void arm_recv(struct session *s)
{
	struct io_uring_sqe *sqe = next();
	io_uring_prep_recv_multishot(sqe, s->fd, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = 0;
	mark(sqe, s, RECV);
}

static void arm_send(struct session *s)
{
	size_t n = s->mode == 'O' && s->left > SERVICE_PIECE ? SERVICE_PIECE : s->left;
	struct io_uring_sqe *sqe = next();
	io_uring_prep_send(sqe, s->fd, s->from, n, MSG_NOSIGNAL | MSG_WAITALL);
	mark(sqe, s, SEND);
}

static void end(struct session *s)
{
	if (!s->ended)
		shutdown(s->fd, SHUT_RDWR);
	s->ended = 1;
	if (s->inflight)
		return;
	close(s->fd);
	free(s);
}

static void received(struct session *s, const struct io_uring_cqe *cqe)
{
	int buffer = cqe->flags & IORING_CQE_F_BUFFER ? (int)(cqe->flags >> 16) : -1;
	if (cqe->res > 0 && !s->mode)
		s->mode = buffers[(size_t)buffer * BUFFER];
	if (cqe->res > 0 && s->mode != 'I' && !s->left && !s->ended) {
		s->from = s->mode == 'O' ? zeros : buffers + (size_t)buffer * BUFFER;
		s->left = s->mode == 'O' ? bulk : (size_t)cqe->res;
		s->buffer = s->mode == 'O' ? -1 : buffer;
		arm_send(s);
	}
	if (buffer >= 0 && s->buffer != buffer)
		give_back(buffer);
	if (cqe->res == 0 || (cqe->res < 0 && cqe->res != -ENOBUFS))
		end(s);
	else if (!(cqe->flags & IORING_CQE_F_MORE))
		arm_recv(s);
}

static void sent(struct session *s, int n)
{
	s->left -= n > 0 ? (size_t)n : s->left;
	if (s->mode != 'O')
		s->from += n > 0 ? n : 0;
	if (s->left) {
		arm_send(s);
		return;
	}
	if (s->buffer >= 0)
		give_back(s->buffer);
	s->buffer = -1;
	if (s->mode == 'O' || n < 0)
		end(s);
}

static void admit(const struct io_uring_cqe *cqe)
{
	struct session *s = cqe->res < 0 ? NULL : calloc(1, sizeof *s);
	if (!(cqe->flags & IORING_CQE_F_MORE))
		arm_accept();
	if (!s)
		return;
	s->fd = cqe->res;
	s->buffer = -1;
	arm_recv(s);
}

static void serve(const struct io_uring_cqe *cqe)
{
	struct session *s = (struct session *)(uintptr_t)(cqe->user_data & ~(uint64_t)3);
	if (!s) {
		admit(cqe);
		return;
	}
	s->inflight -= !(cqe->flags & IORING_CQE_F_MORE);
	if (s->ended) {
		if (cqe->flags & IORING_CQE_F_BUFFER)
			give_back((int)(cqe->flags >> 16));
		end(s);
	} else if ((cqe->user_data & 3) == RECV) {
		received(s, cqe);
	} else {
		sent(s, cqe->res);
	}
}

static void open_ring(void)
{
	struct io_uring_params p = {.flags = IORING_SETUP_SINGLE_ISSUER |
					     IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE,
				    .cq_entries = 4 * ENTRIES};
	size_t size = BUFFERS * sizeof(struct io_uring_buf);
	if (io_uring_queue_init_params(ENTRIES, &ring, &p) < 0)
		bare_fail("io_uring");
	given = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
	buffers = malloc((size_t)BUFFERS * BUFFER);
	if (given == MAP_FAILED || !buffers)
		bare_fail("memory");
	struct io_uring_buf_reg reg = {.ring_addr = (uint64_t)(uintptr_t)given,
				       .ring_entries = BUFFERS};
	if (io_uring_register_buf_ring(&ring, &reg, 0) < 0)
		bare_fail("buffers");
	io_uring_buf_ring_init(given);
	for (int i = 0; i < (int)BUFFERS; i++)
		give_back(i);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return fprintf(stderr, "bare_uring ADDRESS:PORT BULK\n"), 64;
	bulk = strtoull(argv[2], NULL, 10);
	door = bare_epoll_listen(argv[1]);
	open_ring();
	arm_accept();
	for (;;) {
		struct io_uring_cqe *cqe;
		unsigned head, n = 0;
		io_uring_submit_and_wait(&ring, 1);
		io_uring_for_each_cqe(&ring, head, cqe)
		{
			serve(cqe);
			n++;
		}
		io_uring_cq_advance(&ring, n);
	}
}
