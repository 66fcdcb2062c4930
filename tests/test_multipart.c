#include "www/multipart.h"

#include "tests/test.h"

#include <stdlib.h>

#define TYPE       "multipart/form-data; boundary=XyZ"
#define PART(name) "--XyZ\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n"

/* In memory of exactly its own size, so that a sanitizer sees every byte read beyond it. */
static enum km_error parse(const char *type, const char *body, size_t len, struct km_parts *parts,
                           struct km_problem *problem, char **copy)
{
	*copy = malloc(len ? len : 1);
	memcpy(*copy, body, len);
	*parts = (struct km_parts){.len = 99};
	return km_parts_parse(type, *copy, len, parts, problem);
}

static void expect_part(const char *type, const char *body, const char *name, const char *bytes)
{
	struct km_parts parts;
	struct km_problem problem;
	char *copy;
	assert_ok(parse(type, body, strlen(body), &parts, &problem, &copy), &problem);
	const struct km_part *part = km_parts_find(&parts, name);
	if (bytes) {
		assert_non_null(part);
		assert_int_equal(part->len, strlen(bytes));
		assert_memory_equal(part->bytes, bytes, part->len);
	} else
		assert_null(part);
	free(copy);
}

static void expect_refusal(const char *type, const char *body, const char *why)
{
	struct km_parts parts;
	struct km_problem problem;
	char *copy;
	assert_problem(parse(type, body, strlen(body), &parts, &problem, &copy), &problem, KM_MALFORMED, "multipart");
	assert_contains(problem.message, why);
	assert_int_equal(parts.len, 99);
	free(copy);
}

static void the_parts_of_a_form_are_found(void **state)
{
	(void)state;
	static const char body[] = PART("list") "a;b\r\nc"
											"\r\n" PART("as") "csv\r\n--XyZ--\r\n";
	expect_part(TYPE, body, "list", "a;b\r\nc");
	expect_part(TYPE, body, "as", "csv");
	expect_part(TYPE, body, "absent", NULL);
	expect_part("multipart/form-data; charset=utf-8; boundary=\"XyZ\"", body, "as", "csv");
	expect_part(TYPE,
	            "--XyZ\r\nContent-Type: text/csv\r\ncontent-disposition: form-data; filename=\"a;name=x.csv\"; "
	            "name=\"file\"\r\n\r\n1,2\r\n--XyZ--",
	            "file", "1,2");
	expect_part(TYPE, PART("empty") "\r\n--XyZ--", "empty", NULL);
	expect_part(TYPE, PART("file") "\r\n" PART("file") "x\r\n--XyZ--", "file", "x");
	expect_part(TYPE, PART("a") "--XyZ not at the start of a line\r\n--XyZ--", "a", "--XyZ not at the start of a line");
	expect_part(TYPE, "--XyZ--", "a", NULL);
}

static void a_form_that_is_broken_is_refused(void **state)
{
	(void)state;
	expect_refusal("multipart/form-data", PART("a") "x\r\n--XyZ--", "names no boundary");
	expect_refusal("multipart/form-data; boundary=", PART("a") "x\r\n--XyZ--", "names no boundary");
	expect_refusal("multipart/form-data; boundary=\"XyZ", PART("a") "x\r\n--XyZ--", "names no boundary");
	expect_refusal(
		"multipart/form-data; boundary=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "",
		"names no boundary");
	expect_refusal(TYPE, "", "does not begin");
	expect_refusal(TYPE, "--Xy", "does not begin");
	expect_refusal(TYPE, "\r\n" PART("a") "x\r\n--XyZ--", "does not begin");
	expect_refusal(TYPE, "--XyZ", "not at the end");
	expect_refusal(TYPE, "--XyZa", "not at the end");
	expect_refusal(TYPE, PART("a") "x", "breaks off");
	expect_refusal(TYPE, PART("a") "x\r\n--XyZ", "not at the end");
	expect_refusal(TYPE, PART("a") "x\r\n--XyZ\r\n", "breaks off");
	expect_refusal(TYPE, "--XyZ\r\nContent-Disposition: form-data; name=\"a\"\r\n", "breaks off");
	expect_refusal(TYPE, "--XyZ\r\nContent-Type: text/csv\r\n\r\nx\r\n--XyZ--", "no name");
	expect_refusal(TYPE, "--XyZ\r\nContent-Disposition: form-data; filename=\"a\"\r\n\r\nx\r\n--XyZ--", "no name");
	expect_refusal(TYPE, "--XyZ\r\n\r\n\r\nx\r\n--XyZ--", "no name");
}

static void the_number_of_parts_is_bounded(void **state)
{
	(void)state;
	char body[KM_PARTS_MAX * 128 + 256] = "";
	for (int i = 0; i < KM_PARTS_MAX; i++)
		strcat(body, PART("a") "x\r\n");
	size_t len = strlen(body);
	strcat(body, "--XyZ--");
	expect_part(TYPE, body, "a", "x");
	strcpy(body + len, PART("b") "x\r\n--XyZ--");
	expect_refusal(TYPE, body, "too many parts");
}

/* Cut anywhere, and with any one byte changed, it is read or refused, within its memory. */
static void no_damage_leads_beyond_the_form(void **state)
{
	(void)state;
	static const char body[] = PART("list") "a;b"
											"\r\n" PART("as") "csv\r\n--XyZ--\r\n";
	struct km_parts parts;
	struct km_problem problem;
	for (size_t len = 0; len < sizeof body; len++) {
		char *copy;
		parse(TYPE, body, len, &parts, &problem, &copy);
		free(copy);
	}
	for (size_t i = 0; i < sizeof body - 1; i++)
		for (size_t j = 0; j < 6; j++) {
			char changed[sizeof body], *copy;
			memcpy(changed, body, sizeof body);
			changed[i] = "\0\r\n-\";"[j];
			parse(TYPE, changed, sizeof body - 1, &parts, &problem, &copy);
			free(copy);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_parts_of_a_form_are_found),
		cmocka_unit_test(a_form_that_is_broken_is_refused),
		cmocka_unit_test(the_number_of_parts_is_bounded),
		cmocka_unit_test(no_damage_leads_beyond_the_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
