/* SHA-256 as it runs: see digest.h. A failure of libcrypto is kept until the end. */
#include "spool/digest.h"

#include "spool/chain.h"

#include <stdlib.h>

struct digest {
	EVP_MD_CTX *ctx;
	bool ok;
};

void digest_restart(struct digest *d)
{
	d->ok = EVP_DigestInit_ex(d->ctx, EVP_sha256(), NULL) == 1;
}

struct digest *digest_new(void)
{
	struct digest *d = calloc(1, sizeof *d);
	if (d)
		d->ctx = EVP_MD_CTX_new();
	if (d && d->ctx)
		digest_restart(d);
	else
		digest_free(&d);
	return d;
}

void digest_add(struct digest *d, const void *bytes, size_t n)
{
	d->ok = d->ok && EVP_DigestUpdate(d->ctx, bytes, n) == 1;
}

void digest_end(struct digest *d, char hex[DIGEST_HEX])
{
	unsigned char raw[CHAIN_HASH];
	hex[0] = '\0';
	if (d->ok && EVP_DigestFinal_ex(d->ctx, raw, NULL) == 1)
		chain_hex(raw, hex);
	d->ok = false;
}

void digest_free(struct digest **d)
{
	if (*d)
		EVP_MD_CTX_free((*d)->ctx);
	free(*d);
	*d = NULL;
}
