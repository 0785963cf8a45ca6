/* settings: one snapshot held by several; its arrays; finding in it. */
#include "conf/fake.h"
#include "support/suite.h"

#include <pthread.h>
#include <string.h>

START_TEST(held_by_several)
{
	ck_assert_int_eq(fake_load("[route a]\nmatch = a.b\n"), OK);
	struct settings *one = settings_ref(fake_settings()), *two = settings_ref(one);
	ck_assert_ptr_eq(one, two);
	fake_free();
	settings_unref(&one);
	ck_assert_ptr_null(one);
	ck_assert_str_eq(two->routes[0].name, "a"); /* still there */
	settings_unref(&two);
	settings_unref(&two); /* nothing */
}
END_TEST

static void *take_and_give(void *ctx)
{
	for (int i = 0; i < 10000; i++) {
		struct settings *s = settings_ref(ctx);
		settings_unref(&s);
	}
	return NULL;
}

START_TEST(threads_share_it)
{
	pthread_t threads[4];
	ck_assert_int_eq(fake_load(""), OK);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, take_and_give, fake_settings()),
				 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(fake_settings()->refs, 1);
	fake_free();
}
END_TEST

START_TEST(found_by_name)
{
	ck_assert_int_eq(fake_load("[route a]\nmatch = a.b\n[route B]\nmatch = *\n"), OK);
	const struct settings *s = fake_settings();
	ck_assert_ptr_eq(settings_route(s, "a"), &s->routes[0]);
	ck_assert_ptr_eq(settings_route(s, "b"), &s->routes[1]);
	ck_assert_ptr_null(settings_route(s, "c"));
	ck_assert_ptr_eq(settings_vendor(s, "LMN"), &s->vendors[0]);
	size_t routes = 0; /* sections and arrays show the same structs */
	for (const struct conf_section *sec = s->sections; sec; sec = sec->next)
		if (sec->kind->id == CONF_KIND_ROUTE)
			ck_assert_ptr_eq(sec->at, &s->routes[routes++]);
	ck_assert_uint_eq(routes, 2);
	fake_free();
}
END_TEST

/* Every member of the structs reaches its key: what is read is what code sees. */
START_TEST(members)
{
	ck_assert_int_eq(
		fake_load("[listen l]\npriority = bulk\nbare_newline = note\nthreads = "
			  "3\nmax_connections = 7\n"
			  "max_connections_client = 5\nmax_recipients = 200\nrate = "
			  "9/2m\naccept_from = none\n"
			  "[log]\nlevel = warn\nformat = json\naddresses = domain\n"
			  "[route r]\ndo = reject go away\nclient = none\nsource = 10.0.0.1\nhelo "
			  "= me.example\n"
			  "max_connections = 3\nmax_size = 4K\nlistener = l\nmatch = a.b\n"
			  "[route s]\nsmart_host = h:26\n"
			  "[postoffice p]\npath = /p\ndomain = d.e\nmailboxes = any\nadmin = boss\n"
			  "[vendor v]\nresolver = host\nstart_wait = 3s\nrestart = 4s\n"
			  "[queue]\nmax_messages = 5\nmax_active = 6\ndisk_min = "
			  "3M\ndisk_min_urgent = 2M\n"
			  "[gateway]\nuser = mail\ngroup = mail\n"),
		OK);
	const struct settings *s = fake_settings();
	const struct conf_listen *l = &s->listens[0];
	ck_assert(l->priority == MAIL_BULK && l->bare_newline == CONF_NEWLINE_NOTE &&
		  l->threads == 3);
	ck_assert(l->max_connections == 7 && l->max_connections_client == 5 &&
		  l->max_recipients == 200);
	ck_assert(l->rate.count == 9 && l->rate.ms == 120000 && !l->accept_from.count &&
		  l->relay_from.count == 2);
	ck_assert(s->log.level == LOG_WARN && s->log.format == LOG_JSON &&
		  s->log.addresses == LOG_ADDR_DOMAIN);
	const struct conf_route *r = &s->routes[0];
	ck_assert(r->what == CONF_REJECT && !r->client.count && r->max_connections == 3 &&
		  r->max_size == 4096);
	ck_assert_str_eq(r->reject_text, "go away");
	ck_assert_str_eq(r->source, "10.0.0.1");
	ck_assert_str_eq(r->helo, "me.example");
	ck_assert_str_eq(r->listener, "l");
	ck_assert(r->mx && !s->routes[1].mx && s->routes[1].smart_hosts.count == 1 &&
		  !s->routes[1].source);
	ck_assert(!s->routes[1].reject_text && s->routes[1].what == CONF_SEND &&
		  s->routes[1].client.count == 1);
	ck_assert_str_eq(s->postoffices[0].admin, "boss");
	ck_assert(s->postoffices[0].mailboxes == CONF_MAILBOXES_ANY);
	ck_assert(settings_vendor(s, "v")->resolver_host &&
		  settings_vendor(s, "v")->start_wait == 3000);
	ck_assert(settings_vendor(s, "v")->restart == 4000 && !settings_vendor(s, "v")->required);
	ck_assert(s->queue.max_messages == 5 && s->queue.max_active == 6 &&
		  s->queue.disk_min == 3u << 20);
	ck_assert_str_eq(s->gateway.user, "mail");
	ck_assert_str_eq(s->gateway.group, "mail");
	fake_free();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("conf/settings");
	SUITE_CASE(s, "life", held_by_several, threads_share_it);
	SUITE_CASE(s, "content", found_by_name, members);
	return s;
}
SUITE_MAIN(suite)
