#include "tests/scarce.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The linker puts __wrap_X in the place of X, and X in that of __real_X. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t amount, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t amount, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t len);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t amount, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t amount, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);

static int until_failure; /* requests up to the one that fails, with it; 0: none does */
static bool failed, stays;

static bool fails_now(void)
{
	if (until_failure == 0 || --until_failure > 0)
		return false;
	failed = true;
	if (stays)
		until_failure = 1;
	return true;
}

void scarce_from(int nth, bool lasts)
{
	failed = false;
	stays = lasts;
	until_failure = nth;
}

bool scarce_end(void)
{
	until_failure = 0;
	return failed;
}

void *__wrap_malloc(size_t size)
{
	return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t amount, size_t size)
{
	return fails_now() ? NULL : __real_calloc(amount, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails_now() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t amount, size_t size)
{
	return fails_now() ? NULL : __real_reallocarray(old, amount, size);
}

char *__wrap_strdup(const char *text)
{
	return fails_now() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t len)
{
	return fails_now() ? NULL : __real_strndup(text, len);
}

/* ------------------------------------------------------------- the libraries, whose calls the linker does not redirect
 */

static void *crypto_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return __wrap_malloc(size);
}

static void *crypto_realloc(void *old, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return __wrap_realloc(old, size);
}

static void crypto_free(void *old, const char *file, int line)
{
	(void)file;
	(void)line;
	free(old);
}

static sqlite3_mem_methods sqlite_own;

static void *sqlite_malloc(int size)
{
	return fails_now() ? NULL : sqlite_own.xMalloc(size);
}

static void *sqlite_realloc(void *old, int size)
{
	return fails_now() ? NULL : sqlite_own.xRealloc(old, size);
}

static void need(bool done, const char *what)
{
	if (done)
		return;
	fprintf(stderr, "# %s does not take another source of memory\n", what);
	exit(1);
}

void scarce_insert(void)
{
	need(CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free), "OpenSSL");
	need(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_own) == SQLITE_OK, "SQLite");
	sqlite3_mem_methods ours = sqlite_own;
	ours.xMalloc = sqlite_malloc;
	ours.xRealloc = sqlite_realloc;
	need(sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) == SQLITE_OK, "SQLite");
	/* What a connection keeps in store for itself would hide requests. */
	need(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK, "SQLite");
	json_set_alloc_funcs(__wrap_malloc, free);
}
