#include "tests/test.h"

#include "www/limit.h"
#include "www/visitor.h"

#include <stdio.h>
#include <string.h>

static const int64_t NOW = 1795539757;

static struct km_visitor visitor(const char *text)
{
	struct km_visitor visitor;
	if (!km_visitor_parse(text, strlen(text), &visitor))
		fail_msg("not an address: %s", text);
	return visitor;
}

static bool same(const struct km_visitor *a, const char *b)
{
	struct km_visitor other = visitor(b);
	return memcmp(a, &other, sizeof other) == 0;
}

/* ---------------------------------------------------------------------------------------------------- addresses */

static void addresses_are_read_with_and_without_a_port(void **state)
{
	(void)state;
	static const char *const v4[] = {"192.0.2.1", "192.0.2.1:80", "::ffff:192.0.2.1", "[::ffff:192.0.2.1]:80"};
	static const char *const v6[] = {"2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:65535", "2001:DB8:0::1"};
	for (size_t i = 0; i < sizeof v4 / sizeof *v4; i++) {
		struct km_visitor four = visitor(v4[i]), six = visitor(v6[i]);
		assert_true(same(&four, "192.0.2.1"));
		assert_true(same(&six, "2001:db8::1"));
	}
}

static void what_is_no_address_is_none(void **state)
{
	(void)state;
	static const char *const others[] = {"",
	                                     "unknown",
	                                     "_hidden",
	                                     "192.0.2.256",
	                                     "192.0.2.1:",
	                                     "192.0.2.1:x",
	                                     "192.0.2.1:123456",
	                                     "[192.0.2.1]",
	                                     "[2001:db8::1",
	                                     "[2001:db8::1]x",
	                                     "[2001:db8::1]:",
	                                     "2001:db8::1%eth0",
	                                     " 192.0.2.1",
	                                     "localhost",
	                                     "2001:0db8:0000:0000:0000:0000:0000:0001:0001:0001:0001"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		struct km_visitor untouched = visitor("192.0.2.9");
		if (km_visitor_parse(others[i], strlen(others[i]), &untouched))
			fail_msg("taken for an address: %s", others[i]);
		assert_true(same(&untouched, "192.0.2.9"));
	}
	assert_false(km_visitor_parse("192.0.2.1\0", 10, &(struct km_visitor){0}));
}

struct told {
	const char *forwarded, *older, *client; /* client NULL: none is believed */
};

static void the_proxy_tells_for_whom_it_speaks(void **state)
{
	(void)state;
	static const struct told told[] = {
		{NULL, "192.0.2.1", "192.0.2.1"},
		{NULL, "10.0.0.1, 192.0.2.1", "192.0.2.1"}, /* the first is the visitor's own invention */
		{NULL, "192.0.2.1, 127.0.0.1", "192.0.2.1"},
		{NULL, "2001:db8::1", "2001:db8::1"},
		{NULL, "192.0.2.1,,", "192.0.2.1"},
		{"for=192.0.2.60;proto=http;by=203.0.113.43", NULL, "192.0.2.60"}, /* RFC 7239, section 4 */
		{"For=\"[2001:db8:cafe::17]:4711\"", NULL, "2001:db8:cafe::17"},
		{"for=192.0.2.43, for=198.51.100.17", NULL, "198.51.100.17"},
		{"for=192.0.2.43;by=\"a,for=10.0.0.1;for=10.0.0.2\"", NULL, "192.0.2.43"},
		{"by=x; for=192.0.2.43", NULL, "192.0.2.43"},
		{"for=192.0.2.1", "192.0.2.1", "192.0.2.1"},
		/* and whom one cannot tell */
		{NULL, NULL, NULL},
		{NULL, "", NULL},
		{NULL, "127.0.0.1", NULL},
		{NULL, "192.0.2.1, unknown", NULL},
		{"for=192.0.2.43, for=_hidden", NULL, NULL},
		{"for=192.0.2.43, proto=https", NULL, NULL},
		{"for=\"192.0.2.43", NULL, NULL},
		{"for=192.0.2.1", "192.0.2.2", NULL},
		{"for=_hidden", "192.0.2.2", NULL},
		{"for=192.0.2.2", "", NULL},
	};
	struct km_visitor proxy = visitor("127.0.0.1");
	for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
		struct km_visitor client = visitor("192.0.2.99");
		bool believed = km_visitor_forwarded(told[i].forwarded, told[i].older, &proxy, &client);
		if (believed != (told[i].client != NULL) || !same(&client, believed ? told[i].client : "192.0.2.99"))
			fail_msg("line %zu: %s / %s", i, told[i].forwarded, told[i].older);
	}
}

/* --------------------------------------------------------------------------------------------------------- limits */

static struct km_limit *limit_of(unsigned each_minute)
{
	struct km_limit *limit = NULL;
	struct km_problem problem = {0};
	assert_ok(km_limit_new(each_minute, &limit, &problem), &problem);
	return limit;
}

static void who_asks_too_much_waits_and_the_others_do_not(void **state)
{
	(void)state;
	struct km_limit *limit = limit_of(6);
	struct km_visitor greedy = visitor("192.0.2.1"), other = visitor("192.0.2.2");
	for (int i = 0; i < 6; i++)
		assert_int_equal(km_limit_take(limit, &greedy, 1, NOW), 0);
	assert_int_equal(km_limit_take(limit, &greedy, 1, NOW), 10); /* six a minute: one in ten seconds */
	assert_int_equal(km_limit_take(limit, &greedy, 1, NOW + 9), 1);
	assert_int_equal(km_limit_take(limit, &other, 1, NOW + 9), 0);
	assert_int_equal(km_limit_take(limit, &greedy, 1, NOW + 10), 0);
	assert_int_equal(km_limit_take(limit, &greedy, 1, NOW + 10), 10);
	/* A minute brings all of it back, and a year no more than that. */
	assert_int_equal(km_limit_take(limit, &greedy, 6, NOW + 31536000), 0);
	assert_int_equal(km_limit_take(limit, &greedy, 6, NOW + 31536000), 60);
	km_limit_free(limit);
}

static void what_costs_more_than_there_can_be_takes_all(void **state)
{
	(void)state;
	struct km_limit *limit = limit_of(3);
	struct km_visitor someone = visitor("192.0.2.1");
	assert_int_equal(km_limit_take(limit, &someone, 10, NOW), 0);
	assert_int_equal(km_limit_take(limit, &someone, 1, NOW), 20);
	assert_int_equal(km_limit_take(limit, &someone, 10, NOW + 59), 1);
	assert_int_equal(km_limit_take(limit, &someone, 10, NOW + 60), 0);
	km_limit_free(limit);
}

static void a_clock_that_is_set_back_brings_nothing(void **state)
{
	(void)state;
	struct km_limit *limit = limit_of(1);
	struct km_visitor someone = visitor("192.0.2.1");
	assert_int_equal(km_limit_take(limit, &someone, 1, NOW), 0);
	assert_int_equal(km_limit_take(limit, &someone, 1, NOW - 100000), 60);
	assert_int_equal(km_limit_take(limit, &someone, 1, NOW - 100000 + 60), 0);
	km_limit_free(limit);
}

static void a_household_with_ipv6_is_one_visitor(void **state)
{
	(void)state;
	struct km_limit *limit = limit_of(1);
	struct km_visitor one = visitor("2001:db8:0:1::1"), housemate = visitor("2001:db8:0:1:ffff::2"),
					  neighbour = visitor("2001:db8:0:2::1"), mapped = visitor("::ffff:192.0.2.1"),
					  other = visitor("::ffff:192.0.2.2");
	assert_int_equal(km_limit_take(limit, &one, 1, NOW), 0);
	assert_int_equal(km_limit_take(limit, &housemate, 1, NOW), 60);
	assert_int_equal(km_limit_take(limit, &neighbour, 1, NOW), 0);
	/* IPv4 is not a household of that kind. */
	assert_int_equal(km_limit_take(limit, &mapped, 1, NOW), 0);
	assert_int_equal(km_limit_take(limit, &other, 1, NOW), 0);
	assert_int_equal(km_limit_take(limit, &mapped, 1, NOW), 60);
	km_limit_free(limit);
}

/* More than there is room for: each is answered, and who asked most is remembered longest. */
static void a_crowd_does_not_make_room_for_the_greedy(void **state)
{
	(void)state;
	struct km_limit *limit = limit_of(2);
	struct km_visitor greedy = visitor("192.0.2.1");
	assert_int_equal(km_limit_take(limit, &greedy, 2, NOW), 0);
	for (unsigned i = 0; i < 200000; i++) {
		char text[20];
		snprintf(text, sizeof text, "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		struct km_visitor someone = visitor(text);
		assert_int_equal(km_limit_take(limit, &someone, 1, NOW), 0);
	}
	assert_int_equal(km_limit_take(limit, &greedy, 1, NOW), 30);
	km_limit_free(limit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read_with_and_without_a_port),
		cmocka_unit_test(what_is_no_address_is_none),
		cmocka_unit_test(the_proxy_tells_for_whom_it_speaks),
		cmocka_unit_test(who_asks_too_much_waits_and_the_others_do_not),
		cmocka_unit_test(what_costs_more_than_there_can_be_takes_all),
		cmocka_unit_test(a_clock_that_is_set_back_brings_nothing),
		cmocka_unit_test(a_household_with_ipv6_is_one_visitor),
		cmocka_unit_test(a_crowd_does_not_make_room_for_the_greedy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
