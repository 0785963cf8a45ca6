/* OpenSSL's ends: see pipe.h. Reading where nothing is lent asks for a retry; writing fails only for want of memory. */
#include "tls/pipe.h"

#include <pthread.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static BIO_METHOD *method; /* as long as the process */

static int pipe_read(BIO *bio, char *to, size_t n, size_t *got)
{
	struct tls_pipe *p = BIO_get_data(bio);
	BIO_clear_retry_flags(bio);
	*got = n < p->n ? n : p->n;
	if (!*got) {
		BIO_set_retry_read(bio);
		return 0;
	}
	memcpy(to, p->bytes, *got);
	p->bytes += *got;
	p->n -= *got;
	return 1;
}

static int pipe_write(BIO *bio, const char *bytes, size_t n, size_t *done)
{
	struct tls_pipe *p = BIO_get_data(bio);
	BIO_clear_retry_flags(bio);
	*done = buf_append(&p->out, bytes, n) == OK ? n : 0;
	return *done == n;
}

static long pipe_ctrl(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH;
}

static void make_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "smtpgate pipe");
	if (m && BIO_meth_set_read_ex(m, pipe_read) && BIO_meth_set_write_ex(m, pipe_write) &&
	    BIO_meth_set_ctrl(m, pipe_ctrl))
		method = m;
	else
		BIO_meth_free(m);
}

BIO *tls_pipe_bio(struct tls_pipe *pipe)
{
	pthread_once(&once, make_method);
	BIO *bio = method ? BIO_new(method) : NULL;
	if (!bio)
		return NULL;
	BIO_set_data(bio, pipe);
	BIO_set_init(bio, 1);
	return bio;
}
