/*
 * A PKCS#11 token for tests: SoftHSM's, made anew in the test's own folder, behind a module that can be told to be
 * another kind of token (tests/token_module.c).
 */
#ifndef KM_TESTS_TOKEN_H
#define KM_TESTS_TOKEN_H

#include "tests/folder.h"

#include <limits.h>

#define PIN "geheim-4711"

#if defined __SANITIZE_ADDRESS__
/* What SoftHSM loses is known by its name, which takes whole stacks (tests/leaks.supp). */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "fast_unwind_on_malloc=0";
}
#endif

static char module_path[PATH_MAX]; /* of that module, from the root */
static char token_uri[PATH_MAX + 200];

/* A token with this label. */
static inline void make_token(const char *label)
{
	assert_int_equal(
		RUN("softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "so-geheim"), 0);
}

/* In the test's own folder; skips the test where there is no SoftHSM. Fills token_uri. */
static inline void bring_token(void)
{
	char here[PATH_MAX], conf[PATH_MAX + 100];
	assert_non_null(getcwd(here, sizeof here));
	assert_int_equal(mkdir("tokens", 0700), 0);
	snprintf(conf, sizeof conf, "directories.tokendir = %s/tokens\nlog.level = ERROR\n", here);
	km_test_write("softhsm2.conf", conf, strlen(conf), 0600);
	snprintf(conf, sizeof conf, "%s/softhsm2.conf", here);
	assert_int_equal(setenv("SOFTHSM2_CONF", conf, 1), 0);
	unsetenv("KM_TEST_TOKEN");
	snprintf(conf, sizeof conf, "%s/logins", here);
	assert_int_equal(setenv("KM_TEST_TOKEN_LOGINS", conf, 1), 0);
	if (RUN("softhsm2-util", "--version") != 0)
		skip();
	make_token("keurmerk");
	snprintf(token_uri, sizeof token_uri, "pkcs11:token=keurmerk?module-path=%s", module_path);
}

/* Before tests leave the folder that they were started in. */
static inline int find_module(void **state)
{
	(void)state;
	return realpath("tests/token_module.so", module_path) ? 0 : -1;
}

static inline void be_token(const char *kind)
{
	assert_int_equal(setenv("KM_TEST_TOKEN", kind, 1), 0);
}

static inline size_t logins(void)
{
	char bytes[100];
	return access("logins", F_OK) == 0 ? km_test_read("logins", bytes, sizeof bytes) : 0;
}

#endif
