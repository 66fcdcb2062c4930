/*
 * Memory that runs out: each allocation in turn fails, once. The linker puts __wrap_malloc and __wrap_realloc in the
 * place of malloc and realloc (tests/Makefile.inc).
 */
#include "tests/test.h"

#include "base/buf.h"
#include "base/catalogue.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

void *__real_malloc(size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *old, size_t size);

static int until_failure; /* allocations that still succeed; -1: all do */

static bool fails_now(void)
{
	if (until_failure < 0)
		return false;
	return until_failure-- == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails_now() ? NULL : __real_realloc(old, size);
}

/* Lets the first, the second, … allocation of the action fail, until it gets through. Each time it must fail too. */
static void runs_out_at_each_step(enum km_error (*action)(struct km_problem *problem), int steps_min)
{
	enum km_error error = KM_NO_MEMORY;
	int step = 0;
	for (; error; step++) {
		struct km_problem problem = {0};
		until_failure = step;
		error = action(&problem);
		bool reached = until_failure < 0;
		until_failure = -1;
		if (!reached)
			assert_int_equal(error, KM_OK);
		else
			assert_problem(error, &problem, KM_NO_MEMORY, "no-memory");
		assert_true(step < 1000);
	}
	assert_true(step > steps_min);
}

static enum km_error fill_buffer(struct km_problem *problem)
{
	auto_buf struct km_buf buf = KM_BUF_EMPTY;
	for (int i = 0; i < 100; i++) {
		km_buf_add_format(&buf, "%d: ", i);
		km_buf_add_escaped(&buf, "<Test BV Donald>");
		km_encode(KM_BASE64URL, "0123456789", 10, &buf);
	}
	auto_free char *text = km_buf_take(&buf, NULL);
	if (!text)
		return km_fail_memory(problem);
	assert_contains(text, "99: &lt;Test BV Donald&gt;MDEyMzQ1Njc4OQ");
	return KM_OK;
}

static enum km_error decode(struct km_problem *problem)
{
	auto_buf struct km_buf buf = KM_BUF_EMPTY;
	if (km_decode(KM_HEX, "00ff", 4, &buf))
		return KM_OK;
	assert_true(buf.failed); /* not the text's fault */
	return km_fail_memory(problem);
}

static enum km_error read_file(struct km_problem *problem)
{
	char *bytes = NULL;
	size_t len = 0;
	enum km_error error = km_file_read("/proc/self/status", 100000, &bytes, &len, problem);
	if (error)
		assert_null(bytes);
	free(bytes);
	return error;
}

static enum km_error replace_file(struct km_problem *problem)
{
	return km_file_replace("memory", "bytes", 5, 0600, problem);
}

static enum km_error parse_json(struct km_problem *problem)
{
	json_t *object = NULL;
	static const char text[] = "{\"name\":\"Caf\xc3\xa9\",\"list\":[1,2.5,{\"a\":true}]}";
	enum km_error error = km_json_parse(text, sizeof text - 1, "the test", &object, problem);
	if (error)
		assert_null(object);
	json_decref(object);
	return error;
}

static enum km_error parse_catalogue(struct km_problem *problem)
{
	static const char text[] = "{\"a\":{\"nl\":\"x\",\"en\":\"y\"}}";
	struct km_catalogue *catalogue = NULL;
	enum km_error error = km_catalogue_parse(text, sizeof text - 1, &catalogue, problem);
	if (error)
		assert_null(catalogue);
	km_catalogue_free(catalogue);
	return error;
}

static void a_buffer_that_cannot_grow_gives_nothing(void **state)
{
	(void)state;
	runs_out_at_each_step(fill_buffer, 5);
	runs_out_at_each_step(decode, 1);
}

static void a_file_is_read_whole_or_not_at_all(void **state)
{
	(void)state;
	runs_out_at_each_step(read_file, 2);
}

static void a_file_is_written_whole_or_not_at_all(void **state)
{
	(void)state;
	char folder[] = "/tmp/km-memory.XXXXXX";
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	runs_out_at_each_step(replace_file, 1);
	assert_int_equal(unlink("memory"), 0);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(folder), 0); /* nothing else was left there */
}

static void json_is_read_whole_or_not_at_all(void **state)
{
	(void)state;
	/* jansson is a library of its own, whose calls the linker does not redirect. */
	json_set_alloc_funcs(__wrap_malloc, free);
	runs_out_at_each_step(parse_json, 5);
	runs_out_at_each_step(parse_catalogue, 5);
	json_set_alloc_funcs(malloc, free);
}

int main(void)
{
	until_failure = -1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_buffer_that_cannot_grow_gives_nothing),
		cmocka_unit_test(a_file_is_read_whole_or_not_at_all),
		cmocka_unit_test(a_file_is_written_whole_or_not_at_all),
		cmocka_unit_test(json_is_read_whole_or_not_at_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
