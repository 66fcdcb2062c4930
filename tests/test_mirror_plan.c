#include "www/endpoints.h"
#include "www/mirror_part.h"
#include "www/mirror_plan.h"

#include "tests/test.h"

#include <string.h>

static void every_address_that_is_read_is_in_the_plan_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < km_routes_len; i++) {
		size_t found = 0;
		for (size_t j = 0; j < km_mirror_plans_len; j++)
			found += strcmp(km_mirror_plans[j].path, km_routes[i].path) == 0;
		bool console = km_routes[i].kind & KM_ROUTE_CONSOLE;
		if (km_routes[i].method == KM_GET && found != 1 && !console)
			fail_msg("%s is in www/mirror_plan.c %zu times", km_routes[i].path, found);
	}
}

static void the_plan_has_no_other_address(void **state)
{
	(void)state;
	for (size_t j = 0; j < km_mirror_plans_len; j++) {
		size_t found = 0;
		for (size_t i = 0; i < km_routes_len; i++)
			found += km_routes[i].method == KM_GET && strcmp(km_mirror_plans[j].path, km_routes[i].path) == 0;
		if (found != 1)
			fail_msg("%s is no address", km_mirror_plans[j].path);
	}
}

static void what_is_of_the_console_or_of_the_server_is_never_in_a_mirror(void **state)
{
	(void)state;
	for (size_t j = 0; j < km_mirror_plans_len; j++) {
		const char *path = km_mirror_plans[j].path;
		bool inside = strncmp(path, "/console", 8) == 0 || strcmp(path, "/metrics") == 0;
		assert_true(!inside || km_mirror_plans[j].of == KM_MIRROR_NOT);
		if (km_mirror_plans[j].of == KM_MIRROR_NOT)
			assert_non_null(km_mirror_plans[j].why_not);
	}
}

static enum km_error note(void *context, const char *target, const char *path, bool same)
{
	char *text = context;
	snprintf(text + strlen(text), 400 - strlen(text), "%s>%s%s ", target, path, same ? "=" : "");
	return KM_OK;
}

static void a_line_of_the_plan_gives_its_files(void **state)
{
	(void)state;
	const struct km_mirror_plan feed = {.path = "/m/{number}.atom", .queries = "|lang=nl;lang=en"};
	char text[400] = "";
	assert_int_equal(km_mirror_plan_files(&feed, "7K3Q", note, text), KM_OK);
	assert_string_equal(text, "/m/7K3Q.atom>m/7K3Q.atom /m/7K3Q.atom?lang=nl>m/7K3Q.atom?lang=nl= "
	                          "/m/7K3Q.atom?lang=en>m/7K3Q.atom?lang=en ");
}

/* ---------------------------------------------------------------------------------------------------------- parts */

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void a_part_is_read_changed_and_written_in_order(void **state)
{
	(void)state;
	static const char before[] = A "  m/1\n" A "  m/2\n" A "  m/3\n";
	struct km_problem problem = {0};
	auto_part struct km_mirror_part part = {0};
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	uint8_t digest[KM_SHA256_BYTES];
	memset(digest, 0xbb, sizeof digest);
	assert_ok(km_mirror_part_read(before, strlen(before), &part, &problem), &problem);
	km_mirror_part_doubt(&part, "m/2");
	assert_int_equal(km_mirror_part_put(&part, "m/3", digest), KM_OK);
	assert_int_equal(km_mirror_part_put(&part, "a", digest), KM_OK);
	km_mirror_part_write(&part, &text);
	assert_string_equal(text.data, B "  a\n" A "  m/1\n" B "  m/3\n");
	assert_null(km_mirror_part_find(&part, "m/2"));
}

static void a_part_that_is_damaged_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {
		A "  m/1", A " m/1\n", "x" A "  m/1\n", A "  \n", A "  m/2\n" A "  m/1\n", A "  m/1\n" A "  m/1\n", "\n"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct km_problem problem = {0};
		auto_part struct km_mirror_part part = {0};
		assert_problem(km_mirror_part_read(texts[i], strlen(texts[i]), &part, &problem), &problem, KM_MALFORMED,
		               "mirror-part");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_address_that_is_read_is_in_the_plan_once),
		cmocka_unit_test(the_plan_has_no_other_address),
		cmocka_unit_test(what_is_of_the_console_or_of_the_server_is_never_in_a_mirror),
		cmocka_unit_test(a_line_of_the_plan_gives_its_files),
		cmocka_unit_test(a_part_is_read_changed_and_written_in_order),
		cmocka_unit_test(a_part_that_is_damaged_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
