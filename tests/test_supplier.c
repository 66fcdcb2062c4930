#include "registry/supplier.h"

#include "registry/provider.h"
#include "tests/scene.h"

#include <stdlib.h>

/* Beside Test BV Donald, who gets a mark, others of the Chamber of Commerce's test companies. */
static void add(struct scene *scene, const char *kvk, const char *name, const char *domain)
{
	struct km_domain domains[] = {{.name = domain}};
	struct km_provider provider = {.kvk = kvk, .name = name, .domains = domains, .domains_len = domain ? 1 : 0};
	struct km_problem problem;
	assert_ok(km_provider_add(scene->store, &provider, NULL, scene->now, &problem), &problem);
}

static struct scene_number fill(struct scene *scene)
{
	add(scene, "68727720", "Test NV Katrien", "katrien.example");
	add(scene, "69599084", "Test EMZ Dagobert", NULL);
	add(scene, "69599076", "Test VOF Guus", "guus.example");
	add(scene, "69599068", "Test Stichting Bolderbast", NULL);
	return scene_grant(scene, "[\"beheer\"]");
}

static struct km_supplier_result check(struct scene *scene, const struct km_supplier *supplier)
{
	struct km_supplier_result result;
	struct km_problem problem;
	assert_ok(km_supplier_check(scene->store, supplier, scene->now, true, &result, &problem), &problem);
	return result;
}

static void expect(struct scene *scene, const struct km_supplier *supplier, const char *answer, const char *field,
                   const char *kvk)
{
	auto_supplier struct km_supplier_result result = check(scene, supplier);
	assert_string_equal(km_supplier_answer_name(result.answer), answer);
	assert_string_equal(km_supplier_field_name(result.field), field);
	assert_string_equal(result.kvk, kvk);
	assert_true((result.name != NULL) == (*kvk != '\0'));
}

static void a_supplier_is_found_by_what_identifies_it(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = fill(scene);
	expect(scene, &(struct km_supplier){.number = number.text}, "marked", "number", "68750110");
	expect(scene, &(struct km_supplier){.kvk = "68750110"}, "marked", "kvk", "68750110");
	expect(scene, &(struct km_supplier){.kvk = "6875 0110"}, "marked", "kvk", "68750110");
	expect(scene, &(struct km_supplier){.kvk = "68727720"}, "unmarked", "kvk", "68727720");
	expect(scene, &(struct km_supplier){.domain = "katrien.example"}, "unmarked", "domain", "68727720");
	expect(scene, &(struct km_supplier){.domain = "https://www.Katrien.example/over-ons"}, "unmarked", "domain",
	       "68727720");
	auto_supplier struct km_supplier_result result = check(scene, &(struct km_supplier){.kvk = "68750110"});
	assert_string_equal(result.name, "Test BV Donald");
	assert_int_equal(result.marks_len, 1);
	assert_string_equal(result.marks[0].number, number.text);
	assert_string_equal(result.marks[0].scheme_id, "mkb-ict");
	assert_int_equal(result.marks[0].state, KM_ACTIVE);
	assert_int_equal(result.near_len, 0);
}

static void a_name_counts_only_where_it_is_the_whole_legal_name(void **state)
{
	struct scene *scene = *state;
	fill(scene);
	expect(scene, &(struct km_supplier){.name = "test bv donald"}, "marked", "name", "68750110");
	expect(scene, &(struct km_supplier){.name = "Donald"}, "unknown", "", "");
	expect(scene, &(struct km_supplier){.name = "Test BV Donlad"}, "unknown", "", "");
	add(scene, "12345678", "Test BV Donald", NULL);
	expect(scene, &(struct km_supplier){.name = "Test BV Donald"}, "unknown", "", "");
}

static void what_looks_like_a_name_is_offered_and_not_taken(void **state)
{
	struct scene *scene = *state;
	fill(scene);
	auto_supplier struct km_supplier_result slip = check(scene, &(struct km_supplier){.name = "Test BV Donlad"});
	assert_int_equal(slip.answer, KM_SUPPLIER_UNKNOWN);
	assert_null(slip.name);
	assert_int_equal(slip.marks_len, 0);
	assert_true(slip.near_len >= 1);
	assert_string_equal(slip.near[0].name, "Test BV Donald");
	assert_string_equal(slip.near[0].kvk, "68750110");
	for (size_t i = 1; i < slip.near_len; i++)
		assert_true(slip.near[i - 1].likeness >= slip.near[i].likeness);
	auto_supplier struct km_supplier_result part = check(scene, &(struct km_supplier){.name = "Bolderbast"});
	assert_string_equal(part.near[0].kvk, "69599068");
	auto_supplier struct km_supplier_result nothing = check(scene, &(struct km_supplier){.name = "Xylofoon Zeist"});
	assert_int_equal(nothing.near_len, 0);
	/* A KvK number that is not in the register is not made good by a name that is. */
	auto_supplier struct km_supplier_result other =
		check(scene, &(struct km_supplier){.name = "Test BV Donald", .kvk = "12345678"});
	assert_int_equal(other.answer, KM_SUPPLIER_UNKNOWN);
	assert_string_equal(other.near[0].kvk, "68750110");
}

static void what_does_not_belong_together_is_said_to_differ(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = fill(scene);
	expect(scene, &(struct km_supplier){.number = number.text, .kvk = "68750110"}, "marked", "number", "68750110");
	expect(scene, &(struct km_supplier){.number = number.text, .kvk = "68727720"}, "differs", "kvk", "");
	expect(scene, &(struct km_supplier){.number = number.text, .kvk = "12345678"}, "differs", "kvk", "");
	expect(scene, &(struct km_supplier){.number = number.text, .domain = "katrien.example"}, "differs", "domain", "");
	expect(scene, &(struct km_supplier){.number = "7K3Q-9XM2-4HTT", .kvk = "68750110"}, "differs", "number", "");
	expect(scene, &(struct km_supplier){.kvk = "68750110", .domain = "elders.example"}, "marked", "kvk", "68750110");
	expect(scene, &(struct km_supplier){.kvk = "68750110", .name = "Wij heten anders"}, "marked", "kvk", "68750110");
}

static void what_cannot_be_read_is_said_to_be_mistyped(void **state)
{
	struct scene *scene = *state;
	fill(scene);
	expect(scene, &(struct km_supplier){.number = "7K3Q-9XM2-4HTX"}, "mistyped", "number", "");
	expect(scene, &(struct km_supplier){.number = "7K3Q-9XM2-4HTX", .kvk = "68750110"}, "mistyped", "number", "");
	expect(scene, &(struct km_supplier){.number = "geen"}, "mistyped", "number", "");
	expect(scene, &(struct km_supplier){.kvk = "6875011"}, "mistyped", "kvk", "");
	expect(scene, &(struct km_supplier){.kvk = "68750110x"}, "mistyped", "kvk", "");
	expect(scene, &(struct km_supplier){.domain = "geen"}, "mistyped", "domain", "");
	expect(scene, &(struct km_supplier){.domain = "-", .kvk = "68750110"}, "marked", "kvk", "68750110");
	expect(scene, &(struct km_supplier){.number = "7K3Q-9XM2-4HTT"}, "unknown", "", "");
	expect(scene, &(struct km_supplier){.name = " ", .kvk = ""}, "empty", "", "");
	char *text = malloc(KM_SUPPLIER_TEXT_MAX + 2);
	memset(text, 'a', KM_SUPPLIER_TEXT_MAX + 1);
	text[KM_SUPPLIER_TEXT_MAX + 1] = '\0';
	expect(scene, &(struct km_supplier){.name = text}, "mistyped", "", "");
	text[KM_SUPPLIER_TEXT_MAX] = '\0';
	expect(scene, &(struct km_supplier){.name = text}, "unknown", "", "");
	free(text);
}

static void a_mark_that_does_not_hold_is_shown_as_it_is(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = fill(scene);
	scene_accept(scene, DECIDER, "decision", scene_decision("suspend", number.text, NULL));
	auto_supplier struct km_supplier_result result = check(scene, &(struct km_supplier){.kvk = "68750110"});
	assert_int_equal(result.answer, KM_SUPPLIER_MARKED);
	assert_int_equal(result.marks[0].state, KM_SUSPENDED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_SCENE_TEST(a_supplier_is_found_by_what_identifies_it),
		KM_SCENE_TEST(a_name_counts_only_where_it_is_the_whole_legal_name),
		KM_SCENE_TEST(what_looks_like_a_name_is_offered_and_not_taken),
		KM_SCENE_TEST(what_does_not_belong_together_is_said_to_differ),
		KM_SCENE_TEST(what_cannot_be_read_is_said_to_be_mistyped),
		KM_SCENE_TEST(a_mark_that_does_not_hold_is_shown_as_it_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
