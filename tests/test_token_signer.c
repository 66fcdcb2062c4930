/* The registry's keys in a token: their life, and the signer's process that uses them. */
#include "tests/signing.h"
#include "tests/token.h"

#include "keys/key_folder.h"
#include "keys/key_life.h"
#include "keys/token.h"

#include <signal.h>
#include <sys/stat.h>

static int64_t moment;

static struct km_clock clock_of_test(void)
{
	return km_clock_fixed(&moment);
}

/* The URI of a token, with the PIN in the file "pin". */
static const char *with_pin_file(void)
{
	static char uri[sizeof token_uri + PATH_MAX + 20];
	char here[PATH_MAX];
	assert_non_null(getcwd(here, sizeof here));
	km_test_write("pin", PIN "\n", strlen(PIN) + 1, 0600);
	snprintf(uri, sizeof uri, "%s&pin-source=file:%s/pin", token_uri, here);
	return uri;
}

/* In another process, for whoever has a module open finds no new tokens. */
static void begin(const char *token, const char *secret)
{
	int status;
	moment = made_at;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(km_key_life_begin("keys", URL, token, secret, made_at, NULL) != KM_OK);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static struct km_keyset keyset(void)
{
	struct km_problem problem = {0};
	struct km_keyset set;
	assert_ok(km_key_folder_keyset("keys", &set, &problem), &problem);
	return set;
}

static bool in_token(const struct km_keyset_entry *entry)
{
	auto_free char *uri = NULL;
	return km_key_folder_token("keys", entry, &uri, NULL) == KM_OK;
}

static void a_registry_begins_with_its_keys_in_a_token(void **state)
{
	(void)state;
	bring_token();
	begin(token_uri, PIN);
	const struct km_keyset set = keyset();
	assert_int_equal(set.len, KM_PURPOSES);
	for (size_t i = 0; i < set.len; i++) {
		struct km_problem problem = {0};
		struct km_key *key = NULL;
		assert_true(in_token(&set.entries[i]));
		assert_ok(km_key_folder_look("keys", &set.entries[i], &problem), &problem);
		assert_ok(km_key_folder_open("keys", &set.entries[i], PIN, &key, &problem), &problem);
		km_key_free(key);
		assert_problem(km_key_folder_open("keys", &set.entries[i], NULL, &key, &problem), &problem, KM_UNPROVEN,
		               "pin-missing");
	}
	struct km_problem problem = {0};
	assert_problem(km_key_folder_unlocked("keys", &set, &problem), &problem, KM_UNPROVEN, "pin-missing");
}

static void what_cannot_begin_leaves_nothing_in_the_token(void **state)
{
	(void)state;
	bring_token();
	struct km_problem problem = {0};
	char one[sizeof token_uri];
	snprintf(one, sizeof one, "pkcs11:token=keurmerk;object=x?module-path=%s", module_path);
	assert_problem(km_key_life_begin("keys", URL, one, PIN, made_at, &problem), &problem, KM_INVALID, "token-uri");
	assert_int_equal(mkdir("keys", 0700), 0);
	km_test_write("keys/something", "", 0, 0600);
	assert_problem(km_key_life_begin("keys", URL, token_uri, PIN, made_at, &problem), &problem, KM_CONFLICT,
	               "keys-exist");
	assert_problem(km_key_life_begin("other", URL, token_uri, "geheim-4712", made_at, &problem), &problem, KM_UNPROVEN,
	               "pin-wrong");
	assert_int_equal(access("other", F_OK), -1);
	static const char *const labels[] = {"credential", "status", "log", "receipt"};
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
		char uri[sizeof token_uri + 40];
		uint8_t bytes[KM_PUBLIC_BYTES];
		snprintf(uri, sizeof uri, "pkcs11:token=keurmerk;object=keurmerk%%20%s?module-path=%s", labels[i], module_path);
		assert_problem(km_token_remove(uri, PIN, &problem), &problem, KM_ABSENT, "no-token-key");
		assert_problem(km_token_look(uri, bytes, &problem), &problem, KM_ABSENT, "no-token-key");
	}
}

static void the_next_key_is_made_where_the_present_one_is(void **state)
{
	(void)state;
	bring_token();
	begin(with_pin_file(), NULL);
	struct km_problem problem = {0};
	struct km_clock clock = clock_of_test();
	struct km_keyset_entry next, in_file;
	assert_ok(km_key_rotate("keys", KM_PURPOSE_STATUS, NULL, NULL, 0, &clock, &next, &problem), &problem);
	assert_true(in_token(&next));
	assert_ok(km_key_rotate("keys", KM_PURPOSE_RECEIPT, KM_KEY_IN_FILE, NULL, 0, &clock, &in_file, &problem), &problem);
	assert_false(in_token(&in_file));
	/* What signs no more is removed from the token, too, with the next change. */
	const struct km_keyset set = keyset();
	const struct km_keyset_entry first = *entry_for(&set, KM_PURPOSE_STATUS);
	auto_free char *uri = NULL;
	assert_ok(km_key_folder_token("keys", &first, &uri, &problem), &problem);
	moment += 1000;
	assert_ok(km_key_rotate("keys", KM_PURPOSE_RECEIPT, with_pin_file(), NULL, 0, &clock, &next, &problem), &problem);
	assert_true(in_token(&next));
	assert_false(in_token(&first));
	assert_problem(km_token_remove(uri, PIN, &problem), &problem, KM_ABSENT, "no-token-key");
}

static void a_key_of_a_token_that_is_lost_can_be_revoked(void **state)
{
	(void)state;
	bring_token();
	begin(token_uri, PIN);
	struct km_problem problem = {0};
	struct km_clock clock = clock_of_test();
	struct km_keyset_entry successor;
	struct km_keyset set = keyset();
	const struct km_keyset_entry first = *entry_for(&set, KM_PURPOSE_STATUS);
	moment += 10;
	be_token("gone");
	assert_problem(km_key_revoke("keys", first.thumbprint, NULL, PIN, made_at + 1, &clock, &successor, &problem),
	               &problem, KM_ABSENT, "no-token");
	set = keyset();
	assert_int_equal(km_keyset_find(&set, first.thumbprint)->revoked_at, 0);
	assert_ok(km_key_revoke("keys", first.thumbprint, KM_KEY_IN_FILE, PIN, made_at + 1, &clock, &successor, &problem),
	          &problem);
	assert_false(in_token(&successor));
	set = keyset();
	assert_int_equal(km_keyset_find(&set, first.thumbprint)->revoked_at, made_at + 1);
	assert_true(in_token(&first)); /* its place is known still, and when the token is there again it goes */
	be_token("");
	moment += 10;
	assert_ok(km_key_rotate("keys", KM_PURPOSE_LOG, NULL, PIN, 0, &clock, &successor, &problem), &problem);
	assert_false(in_token(&first));
}

static void a_key_that_was_taken_is_never_removed_from_its_token(void **state)
{
	(void)state;
	bring_token();
	begin(token_uri, PIN);
	struct km_problem problem = {0};
	struct km_clock clock = clock_of_test();
	struct km_key *key = NULL;
	auto_free char *uri = NULL;
	char by_label[sizeof token_uri + 40];
	uint8_t bytes[KM_PUBLIC_BYTES];
	struct km_keyset_entry next, successor;
	assert_ok(km_token_make(token_uri, PIN, "mine", &key, &uri, &problem), &problem);
	km_key_free(key);
	snprintf(by_label, sizeof by_label, "pkcs11:token=keurmerk;object=mine?module-path=%s", module_path);
	assert_ok(km_key_rotate("keys", KM_PURPOSE_STATUS, by_label, PIN, 0, &clock, &next, &problem), &problem);
	assert_int_equal(km_key_rotate("keys", KM_PURPOSE_LOG, by_label, PIN, 0, &clock, &successor, &problem),
	                 KM_CONFLICT);
	assert_string_equal(problem.type, "key-known");
	moment += 100;
	assert_ok(km_key_revoke("keys", next.thumbprint, NULL, PIN, made_at + 1, &clock, &successor, &problem), &problem);
	assert_false(in_token(&next));
	assert_ok(km_token_look(by_label, bytes, &problem), &problem);
	assert_memory_equal(bytes, next.public_key, sizeof bytes);
}

static void another_key_than_the_published_one_is_refused(void **state)
{
	(void)state;
	bring_token();
	begin(token_uri, PIN);
	struct km_problem problem = {0};
	struct km_keyset set = keyset();
	struct km_key *key = NULL;
	auto_free char *uri = NULL;
	const struct km_keyset_entry *status = entry_for(&set, KM_PURPOSE_STATUS), *log = entry_for(&set, KM_PURPOSE_LOG);
	assert_ok(km_key_folder_token("keys", log, &uri, &problem), &problem);
	char path[200];
	snprintf(path, sizeof path, "keys/status-%s.uri", status->thumbprint);
	km_test_write(path, uri, strlen(uri), 0600);
	assert_problem(km_key_folder_open("keys", status, PIN, &key, &problem), &problem, KM_INVALID, "other-key");
	assert_problem(km_key_folder_look("keys", status, &problem), &problem, KM_INVALID, "other-key");
	km_test_write(path, "rm -rf", 6, 0600);
	assert_problem(km_key_folder_open("keys", status, PIN, &key, &problem), &problem, KM_INVALID, "token-uri");
	assert_null(key);
}

/* ---------------------------------------------------------------------------------------------- the signer's process
 */

static struct km_signer_process with_environment(void)
{
	struct km_signer_process process = own;
	process.environment = environ;
	return process;
}

static void the_signers_process_signs_with_a_token_and_is_fenced_in(void **state)
{
	(void)state;
	bring_token();
	begin(with_pin_file(), NULL);
	const struct km_signer_process process = with_environment();
	struct km_signer *signer = start(&process);
	pid_t first = signer_process();
	char path[64], text[8192];
	for (int round = 0; round < 3; round++)
		for (enum km_form form = 0; form < KM_FORMS; form++)
			assert_signs(signer, form);
	assert_int_equal(signer_process(), first);
	snprintf(path, sizeof path, "/proc/%ld/status", (long)first);
	km_test_read(path, text, sizeof text);
	assert_contains(text, "\nSeccomp:\t2\n");
	assert_contains(text, "\nNoNewPrivs:\t1\n");
	stop(signer);
}

static void the_pin_comes_from_the_file_with_the_passphrase_too(void **state)
{
	(void)state;
	bring_token();
	begin(token_uri, PIN);
	with_pin_file();
	struct km_signer_process process = with_environment();
	process.passphrase_file = "pin";
	struct km_signer *signer = start(&process);
	assert_signs(signer, KM_FORM_STATUS);
	stop(signer);
}

static void when_the_token_goes_it_says_so_and_when_it_comes_back_it_signs(void **state)
{
	(void)state;
	bring_token();
	begin(with_pin_file(), NULL);
	const struct km_signer_process process = with_environment();
	struct km_problem problem = {0};
	struct km_signer *signer = start(&process);
	char *token = NULL;
	assert_signs(signer, KM_FORM_STATUS);
	assert_int_equal(rename("tokens", "away"), 0);
	assert_problem(sign(signer, KM_FORM_STATUS, &token, &problem), &problem, KM_UNAVAILABLE, "token-failed");
	assert_problem(sign(signer, KM_FORM_STATUS, &token, &problem), &problem, KM_UNAVAILABLE, "signer-gone");
	link_moment += 2;
	assert_int_equal(sign(signer, KM_FORM_STATUS, &token, &problem), KM_UNAVAILABLE); /* still away */
	assert_null(token);
	assert_int_equal(rename("away", "tokens"), 0);
	link_moment += 2;
	assert_signs(signer, KM_FORM_STATUS);
	stop(signer);
}

static void with_a_wrong_pin_no_second_process_is_started(void **state)
{
	(void)state;
	bring_token();
	begin(with_pin_file(), NULL);
	const struct km_signer_process process = with_environment();
	struct km_problem problem = {0};
	struct km_signer *signer = start(&process);
	char *token = NULL;
	assert_signs(signer, KM_FORM_STATUS);
	km_test_write("pin", "geheim-4712\n", 12, 0600);
	assert_int_equal(kill(signer_process(), SIGKILL), 0);
	assert_int_equal(sign(signer, KM_FORM_STATUS, &token, &problem), KM_UNAVAILABLE);
	size_t before = logins();
	for (int second = 0; second < 5; second++) {
		link_moment += 2;
		assert_int_equal(sign(signer, KM_FORM_STATUS, &token, &problem), KM_UNAVAILABLE);
	}
	assert_int_equal(logins(), before + 1);
	stop(signer);
	struct km_signer *none = NULL;
	assert_problem(try_start(&process, &none, &problem), &problem, KM_UNPROVEN, "pin-wrong");
	assert_null(none);
	assert_int_equal(logins(), before + 2);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], KM_SIGNER_COMMAND) == 0)
		return km_signer_process_main(argc - 2, argv + 2);
	const struct CMUnitTest tests[] = {
		KM_TEST_IN_FOLDER(a_registry_begins_with_its_keys_in_a_token),
		KM_TEST_IN_FOLDER(what_cannot_begin_leaves_nothing_in_the_token),
		KM_TEST_IN_FOLDER(the_next_key_is_made_where_the_present_one_is),
		KM_TEST_IN_FOLDER(a_key_of_a_token_that_is_lost_can_be_revoked),
		KM_TEST_IN_FOLDER(a_key_that_was_taken_is_never_removed_from_its_token),
		KM_TEST_IN_FOLDER(another_key_than_the_published_one_is_refused),
		KM_TEST_IN_FOLDER(the_signers_process_signs_with_a_token_and_is_fenced_in),
		KM_TEST_IN_FOLDER(the_pin_comes_from_the_file_with_the_passphrase_too),
		KM_TEST_IN_FOLDER(when_the_token_goes_it_says_so_and_when_it_comes_back_it_signs),
		KM_TEST_IN_FOLDER(with_a_wrong_pin_no_second_process_is_started),
	};
	return cmocka_run_group_tests_name("token_signer", tests, find_module, NULL);
}
