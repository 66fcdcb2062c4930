#include "registry/figures.h"

#include "base/clock.h"
#include "registry/usage.h"
#include "tests/scene.h"

static json_t *figures(struct scene *scene)
{
	json_t *result;
	struct km_problem problem;
	assert_ok(km_figures(scene->store, scene->now, &result, &problem), &problem);
	return result;
}

static int number(const json_t *object, const char *member)
{
	assert_true(json_is_integer(json_object_get(object, member)));
	return (int)json_integer_value(json_object_get(object, member));
}

static const json_t *item(const json_t *figures, const char *list, const char *member, const char *value)
{
	size_t i;
	const json_t *entry, *array = json_object_get(figures, list);
	json_array_foreach(array, i,
	                   entry) if (strcmp(json_string_value(json_object_get(entry, member)), value) == 0) return entry;
	fail_msg("%s has no %s", list, value);
	return NULL;
}

static void an_empty_register_is_all_zeros(void **state)
{
	json_auto_t *now = figures(*state);
	static const char *const states[] = {"active", "suspended", "withdrawn", "expired"};
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(number(json_object_get(now, "states"), states[i]), 0);
	const json_t *months = json_object_get(now, "months");
	assert_int_equal(json_array_size(months), KM_FIGURES_MONTHS);
	assert_string_equal(json_string_value(json_object_get(json_array_get(months, 0), "month")), "2025-12");
	assert_string_equal(json_string_value(json_object_get(json_array_get(months, 11), "month")), "2026-11");
	assert_int_equal(json_array_size(json_object_get(now, "cities")), 0);
	assert_int_equal(number(item(now, "schemes", "id", "mkb-ict"), "all"), 0);
}

static void marks_are_counted_by_state_scheme_service_region_and_city(void **state)
{
	struct scene *scene = *state;
	struct scene_number number_of_mark = scene_grant(scene, "[\"beheer\", \"cloud\"]");
	json_auto_t *before = figures(scene);
	assert_int_equal(number(json_object_get(before, "states"), "active"), 1);
	assert_int_equal(number(item(before, "schemes", "id", "mkb-ict"), "active"), 1);
	assert_int_equal(number(item(before, "services", "id", "beheer"), "active"), 1);
	assert_int_equal(number(item(before, "services", "id", "cloud"), "active"), 1);
	assert_int_equal(number(item(before, "services", "id", "advies"), "active"), 0);
	assert_int_equal(number(item(before, "cities", "city", "Utrecht"), "active"), 1);
	assert_int_equal(number(item(before, "regions", "region", "NL-UT"), "active"), 1);
	scene_accept(scene, DECIDER, "decision", scene_decision("suspend", number_of_mark.text, NULL));
	json_auto_t *after = figures(scene);
	assert_int_equal(number(json_object_get(after, "states"), "active"), 0);
	assert_int_equal(number(json_object_get(after, "states"), "suspended"), 1);
	assert_int_equal(number(item(after, "schemes", "id", "mkb-ict"), "all"), 1);
	assert_int_equal(number(item(after, "services", "id", "beheer"), "active"), 0);
	assert_int_equal(json_array_size(json_object_get(after, "cities")), 0);
}

static void changes_are_counted_in_the_month_in_which_they_hold(void **state)
{
	struct scene *scene = *state;
	struct scene_number mark = scene_grant(scene, "[\"beheer\"]");
	/* In Amsterdam it is December already. */
	assert_true(km_time_parse("2026-11-30T23:30:00Z", &scene->now));
	scene_accept(scene, DECIDER, "decision", scene_decision("suspend", mark.text, NULL));
	assert_true(km_time_parse("2027-01-10T12:00:00Z", &scene->now));
	scene_accept(scene, DECIDER, "decision", scene_decision("withdraw", mark.text, NULL));
	json_auto_t *now = figures(scene);
	assert_int_equal(number(item(now, "months", "month", "2026-11"), "granted"), 1);
	assert_int_equal(number(item(now, "months", "month", "2026-11"), "suspended"), 0);
	assert_int_equal(number(item(now, "months", "month", "2026-12"), "suspended"), 1);
	assert_int_equal(number(item(now, "months", "month", "2027-01"), "withdrawn"), 1);
}

static void use_is_counted_by_month_and_nothing_more(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	const int64_t some[KM_USES] = {[KM_USE_LOOKUP] = 5, [KM_USE_SCAN] = 2}, more[KM_USES] = {[KM_USE_LOOKUP] = 1};
	assert_ok(km_usage_add(scene->store, scene->now, some, &problem), &problem);
	assert_ok(km_usage_add(scene->store, scene->now, more, &problem), &problem);
	assert_ok(km_usage_add(scene->store, km_time_add_months(scene->now, -12), more, &problem), &problem);
	json_auto_t *now = figures(scene);
	const json_t *month = item(now, "months", "month", "2026-11");
	assert_int_equal(number(month, "lookups"), 6);
	assert_int_equal(number(month, "scans"), 2);
	assert_int_equal(number(month, "checks"), 0);
	assert_int_equal(fixture_number(scene->fixture, "SELECT count(*) FROM usage"), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_SCENE_TEST(an_empty_register_is_all_zeros),
		KM_SCENE_TEST(marks_are_counted_by_state_scheme_service_region_and_city),
		KM_SCENE_TEST(changes_are_counted_in_the_month_in_which_they_hold),
		KM_SCENE_TEST(use_is_counted_by_month_and_nothing_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
