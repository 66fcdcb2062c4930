#include "registry/supplier_list.h"

#include "base/buf.h"
#include "registry/provider.h"
#include "tests/scene.h"

#include <stdlib.h>

/* Each row of the answer as "LINE ANSWER KVK|", with what was given where the answer is unknown. */
static enum km_error note(void *context, const struct km_supplier_row *row)
{
	const struct km_supplier *given = &row->given;
	km_buf_add_format(context, "%d %s %s", (int)row->line, km_supplier_answer_name(row->result->answer),
	                  row->result->kvk);
	if (row->result->answer == KM_SUPPLIER_UNKNOWN)
		km_buf_add_format(context, "<%s,%s,%s,%s>", given->name ? given->name : "", given->kvk ? given->kvk : "",
		                  given->domain ? given->domain : "", given->number ? given->number : "");
	km_buf_add_char(context, '|');
	return KM_OK;
}

static enum km_error check(struct scene *scene, const char *list, size_t len, struct km_buf *answers,
                           struct km_problem *problem)
{
	return km_supplier_list(scene->store, list, len, scene->now, note, answers, problem);
}

static void expect(struct scene *scene, const char *list, const char *expected)
{
	auto_buf struct km_buf answers = KM_BUF_EMPTY;
	struct km_problem problem;
	assert_ok(check(scene, list, strlen(list), &answers, &problem), &problem);
	assert_string_equal(answers.data, expected);
}

static void expect_refusal(struct scene *scene, const char *list, size_t len, enum km_error code, const char *type)
{
	auto_buf struct km_buf answers = KM_BUF_EMPTY;
	struct km_problem problem = {0};
	assert_problem(check(scene, list, len, &answers, &problem), &problem, code, type);
}

static void columns_are_known_by_their_headings(void **state)
{
	struct scene *scene = *state;
	scene_grant(scene, "[\"beheer\"]");
	expect(scene, "kvk,name\n68750110,Test BV Donald\n12345678,Ander\n",
	       "2 marked 68750110|3 unknown <Ander,12345678,,>|");
	expect(scene, "Plaats;Leverancier;KvK-nummer\r\nUtrecht;Test BV Donald;68750110\r\n", "2 marked 68750110|");
	expect(scene, "\xef\xbb\xbf\"Website\"\t\"Bedrijfsnaam\"\nelders.example\tAnder\n",
	       "2 unknown <Ander,,elders.example,>|");
	expect(scene, "keurmerknummer\n7K3Q-9XM2-4HTX\n", "2 mistyped |");
	expect(scene, "line,kvk\n40,68750110\nx,68750110\n", "40 marked 68750110|3 marked 68750110|");
	expect(scene, "naam,kvk\n,\nTest BV Donald,\n", "3 marked 68750110|");
}

static void without_headings_each_cell_is_what_it_looks_like(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, "[\"beheer\"]");
	expect(scene, "Test BV Donald\n", "1 marked 68750110|");
	expect(scene, "68750110\n12345678\n", "1 marked 68750110|2 unknown <,12345678,,>|");
	expect(scene, "Ander;www.elders.example;12345678\n", "1 unknown <Ander,12345678,www.elders.example,>|");
	expect(scene, "Test B.V. Donald\nsystemdesign\n", "1 unknown <Test B.V. Donald,,,>|2 unknown <systemdesign,,,>|");
	expect(scene, number.text, "1 marked 68750110|");
	/* A number without a digit; and a word that could be one, had there been such a mark. */
	fixture_sql(scene->fixture, "UPDATE mark SET number = 'APYMADQMFCYT'");
	expect(scene, "APYMADQMFCYT\nGYRMVWSHZMCT\n", "1 marked 68750110|2 unknown <GYRMVWSHZMCT,,,>|");
}

static void a_zero_that_a_spreadsheet_ate_is_given_back(void **state)
{
	struct scene *scene = *state;
	struct km_provider provider = {.kvk = "01234567", .name = "Voorbeeld Nul"};
	struct km_problem problem;
	assert_ok(km_provider_add(scene->store, &provider, NULL, scene->now, &problem), &problem);
	expect(scene, "kvk,naam\n1234567,\n", "2 unmarked 01234567|");
	expect(scene, "kvk,naam\n123456,\n", "2 mistyped |");
}

static void a_row_that_cannot_be_read_is_not_passed_over(void **state)
{
	struct scene *scene = *state;
	scene_grant(scene, "[\"beheer\"]");
	expect(scene, "kvk,naam\n68750110,\"a\"b\n68750110,c\n", "2 mistyped |3 marked 68750110|");
}

static void a_list_is_bounded(void **state)
{
	struct scene *scene = *state;
	auto_buf struct km_buf list = KM_BUF_EMPTY;
	km_buf_add_text(&list, "kvk\n");
	for (int i = 0; i < KM_SUPPLIERS_MAX; i++)
		km_buf_add_text(&list, "12345678\n");
	auto_buf struct km_buf answers = KM_BUF_EMPTY;
	struct km_problem problem = {0};
	assert_ok(check(scene, list.data, list.len, &answers, &problem), &problem);
	km_buf_add_text(&list, "12345678\n");
	expect_refusal(scene, list.data, list.len, KM_TOO_LARGE, "list-too-long");
	char *large = malloc(KM_SUPPLIER_LIST_MAX + 1);
	memset(large, '\n', KM_SUPPLIER_LIST_MAX + 1);
	memcpy(large, "68750110", 8);
	assert_ok(check(scene, large, KM_SUPPLIER_LIST_MAX, &answers, &problem), &problem);
	expect_refusal(scene, large, KM_SUPPLIER_LIST_MAX + 1, KM_TOO_LARGE, "list-too-long");
	free(large);
}

static void a_list_without_a_company_is_refused(void **state)
{
	struct scene *scene = *state;
	expect_refusal(scene, "", 0, KM_INVALID, "list-empty");
	expect_refusal(scene, "kvk,naam\n", 9, KM_INVALID, "list-empty");
	expect_refusal(scene, "kvk,naam\n,\n", 11, KM_INVALID, "list-empty");
	struct km_problem problem = {0};
	auto_buf struct km_buf answers = KM_BUF_EMPTY;
	assert_int_equal(check(scene, "PK\3\4\0\0", 6, &answers, &problem), KM_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_SCENE_TEST(columns_are_known_by_their_headings),
		KM_SCENE_TEST(without_headings_each_cell_is_what_it_looks_like),
		KM_SCENE_TEST(a_zero_that_a_spreadsheet_ate_is_given_back),
		KM_SCENE_TEST(a_row_that_cannot_be_read_is_not_passed_over),
		KM_SCENE_TEST(a_list_is_bounded),
		KM_SCENE_TEST(a_list_without_a_company_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
