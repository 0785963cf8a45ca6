/* Values of a module's keys by type, one function a kind: see values.h. Fails with a sentence that says what is taken. */
#include "transport/values.h"
#include "base/net.h"
#include "base/text.h"
#include "base/value.h"

#include <inttypes.h>
#include <string.h>

struct parse {
	const struct sgt_key *key;
	const char *text; /* replaced where the module sees another */
	const struct instance_config *config;
	struct region *region;
	int64_t number;
	bool bare;
	struct err *err;
};

static enum result refuse(struct parse *p, const char *takes)
{
	return err_set(p->err, E_CONFIG, "%s = %s: %s", p->key->name, p->text, takes);
}

static enum result parse_number(struct parse *p, enum result r, const char *takes)
{
	const struct sgt_key *k = p->key;
	if (r == E_SYNTAX)
		return refuse(p, takes);
	bool bounded = k->min || k->max;
	if (r == OK && !(bounded && (p->number < k->min || p->number > k->max)))
		return OK;
	if (!bounded)
		return refuse(p, "the number is too large");
	if (k->type != SGT_TIME)
		return err_set(p->err, E_CONFIG, "%s = %s: it may be %" PRId64 " to %" PRId64,
			       k->name, p->text, k->min, k->max);
	char least[24], most[24];
	return err_set(p->err, E_CONFIG, "%s = %s: it may be %s to %s", k->name, p->text,
		       text_duration(k->min, least, sizeof least),
		       text_duration(k->max, most, sizeof most));
}

static enum result parse_int(struct parse *p)
{
	return parse_number(p, value_int(p->text, 0, 0, &p->number), "it takes a number");
}

static enum result parse_size(struct parse *p)
{
	return parse_number(p, value_size(p->text, &p->number), "it takes a size: 512, 64K, 50M");
}

static enum result parse_time(struct parse *p)
{
	return parse_number(p, value_time(p->text, &p->number, &p->bare),
			    "it takes a time: 30s, 5m, 2h, 5d");
}

static enum result parse_bool(struct parse *p)
{
	bool yes;
	if (value_bool(p->text, &yes) != OK)
		return refuse(p, "it takes yes or no");
	p->number = yes;
	return OK;
}

static enum result parse_enum(struct parse *p)
{
	const char *const *words = p->key->words;
	for (size_t i = 0; words[i]; i++) {
		if (text_same(words[i], p->text)) {
			p->text = words[i];
			p->number = (int64_t)i;
			return OK;
		}
	}
	struct buf takes;
	buf_init(&takes, ERR_TEXT_MAX);
	buf_puts(&takes, "it takes ");
	for (size_t i = 0; words[i]; i++)
		buf_printf(&takes, "%s%s", i ? ", " : "", words[i]);
	const char *sentence = buf_string(&takes);
	enum result r = refuse(p, sentence ? sentence : "it is none of its words");
	buf_free(&takes);
	const char *near = text_nearest(p->text, words);
	if (near)
		err_remedy(p->err, "%s = %s", p->key->name, near);
	return r;
}

static enum result parse_text(struct parse *p)
{
	(void)p;
	return OK;
}

static enum result parse_addr(struct parse *p)
{
	return *p->text ? OK : refuse(p, "it takes an address");
}

static enum result parse_net(struct parse *p)
{
	struct net_block block;
	struct err why;
	if (net_block_parse(p->text, &block, &why) == OK)
		return OK;
	return refuse(p, why.text);
}

static enum result parse_path(struct parse *p)
{
	return *p->text == '/' ? OK : refuse(p, "it takes an absolute path");
}

static enum result parse_secret(struct parse *p)
{
	struct buf secret;
	struct err why;
	if (!p->config->secret)
		return err_set(p->err, E_CONFIG, "%s: secrets cannot be read here", p->key->name);
	buf_init(&secret, 65536);
	enum result r = p->config->secret(p->config->secret_ctx, p->text, &secret, &why);
	if (r != OK) {
		err_set(p->err, E_CONFIG, "%s: %s", p->key->name, why.text);
		err_remedy(p->err, "%s", why.remedy);
		r = E_CONFIG;
	} else if (!(p->text = region_memdup(p->region, secret.len ? buf_head(&secret) : "",
					     secret.len))) {
		r = err_set(p->err, E_NOMEM, "%s: no memory", p->key->name);
	}
	if (secret.data)
		explicit_bzero(secret.data, secret.cap);
	buf_free(&secret);
	return r;
}

enum result values_parse(const struct sgt_key *key, const char *text,
			 const struct instance_config *config, struct region *region,
			 const char **out, int64_t *number, bool *bare, struct err *err)
{
	static enum result (*const types[])(struct parse * p) = {
		[SGT_TEXT] = parse_text,     [SGT_INT] = parse_int,   [SGT_SIZE] = parse_size,
		[SGT_TIME] = parse_time,     [SGT_BOOL] = parse_bool, [SGT_ENUM] = parse_enum,
		[SGT_ADDR] = parse_addr,     [SGT_NET] = parse_net,   [SGT_PATH] = parse_path,
		[SGT_SECRET] = parse_secret,
	};
	struct parse p = {.key = key, .text = text, .config = config, .region = region, .err = err};
	if ((size_t)key->type >= sizeof types / sizeof *types)
		return err_set(err, E_CONFIG, "%s: the module gives it a type that is unknown here",
			       key->name);
	enum result r = types[key->type](&p);
	if (r != OK)
		return r;
	*out = region_strdup(region, p.text);
	*number = p.number;
	*bare = p.bare;
	return *out ? OK : err_set(err, E_NOMEM, "%s: no memory", key->name);
}
