#include "tests/signing.h"

#include "base/digest.h"
#include "base/encode.h"
#include "keys/checkpoint.h"
#include "keys/key_life.h"
#include "keys/note.h"
#include "keys/wire.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define PASSPHRASE "een heel lang geheim voor de sleutels van het register"
#define BODY       "keurmerk.example/log\n12\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"

static void a_process_of_its_own_signs_each_form(void **state)
{
	(void)state;
	make_keys_elsewhere(NULL);
	struct km_problem problem = {0};
	struct km_signer *signer = start(&own);
	for (enum km_form form = 0; form < KM_FORMS; form++)
		assert_signs(signer, form);
	struct km_keyset set;
	struct km_note_verifier verifier;
	auto_free char *note = NULL;
	size_t len = 0;
	assert_ok(km_signer_keyset("keys", &set, &problem), &problem);
	assert_ok(
		km_note_verifier_make("keurmerk.example/log", entry_for(&set, KM_PURPOSE_LOG)->public_key, &verifier, &problem),
		&problem);
	assert_ok(km_signer_checkpoint(signer, BODY, strlen(BODY), &note, &problem), &problem);
	assert_ok(km_note_verify(note, strlen(note), &verifier, &len, &problem), &problem);
	assert_int_equal(len, strlen(BODY));
	assert_true(signer_process() > 0);
	assert_int_not_equal(signer_process(), getpid());
	stop(signer);
}

/* More than are on their way together, small and large. */
static void many_at_once_come_back_each_in_its_place(void **state)
{
	(void)state;
	make_keys_elsewhere(NULL);
	struct km_problem problem = {0};
	struct km_signer *signer = start(&own);
	struct km_signing signings[KM_SIGNINGS_MAX] = {0};
	auto_free char *qr = sample(KM_FORM_QR), *small = sample(KM_FORM_RECEIPT);
	auto_free char *large = malloc(100001);
	assert_non_null(large);
	memset(large, ' ', 100000);
	large[100000] = '\0';
	memcpy(large, small, strlen(small));
	for (size_t i = 0; i < KM_SIGNINGS_MAX; i++) {
		const char *payload = i % 3 == 0 ? large : i % 3 == 1 ? small : qr;
		signings[i] = (struct km_signing){
			.form = i % 3 == 2 ? KM_FORM_QR : KM_FORM_RECEIPT, .bytes = payload, .len = strlen(payload)};
	}
	assert_ok(km_signer_sign_all(signer, signings, KM_SIGNINGS_MAX, &problem), &problem);
	for (size_t i = 0; i < KM_SIGNINGS_MAX; i++) {
		size_t len = strlen(signings[i].text);
		assert_true(i % 3 == 0 ? len > 100000 : len < 2000);
		assert_int_equal(i % 3 == 2, strchr(signings[i].text, '.') == NULL); /* a CWT has no dots */
		free(signings[i].text);
		signings[i].text = NULL;
	}
	stop(signer);
}

static void where_one_of_many_is_refused_none_is_given(void **state)
{
	(void)state;
	make_keys_elsewhere(NULL);
	struct km_problem problem = {0};
	struct km_signer *signer = start(&own);
	struct km_signing signings[KM_SIGNINGS_MAX] = {0};
	auto_free char *good = sample(KM_FORM_RECEIPT);
	for (size_t i = 0; i < KM_SIGNINGS_MAX; i++)
		signings[i] = (struct km_signing){.form = KM_FORM_RECEIPT, .bytes = good, .len = strlen(good)};
	signings[20].bytes = "{}";
	signings[20].len = 2;
	pid_t process = signer_process();
	assert_problem(km_signer_sign_all(signer, signings, KM_SIGNINGS_MAX, &problem), &problem, KM_INVALID, "form");
	for (size_t i = 0; i < KM_SIGNINGS_MAX; i++)
		assert_null(signings[i].text);
	assert_signs(signer, KM_FORM_RECEIPT); /* and no answer was left over */
	assert_int_equal(signer_process(), process);
	assert_problem(km_signer_sign_all(signer, signings, KM_SIGNINGS_MAX + 1, &problem), &problem, KM_BUG, "signings");
	stop(signer);
}

static void a_payload_at_the_bound_goes_across(void **state)
{
	(void)state;
	make_keys_elsewhere(NULL);
	struct km_problem problem = {0};
	struct km_signer *signer = start(&own);
	auto_free char *token = NULL, *large = malloc(KM_FORM_PAYLOAD_MAX + 1), *small = sample(KM_FORM_RECEIPT);
	assert_non_null(large);
	memset(large, ' ', KM_FORM_PAYLOAD_MAX + 1);
	memcpy(large, small, strlen(small));
	assert_problem(km_signer_sign(signer, KM_FORM_RECEIPT, large, KM_FORM_PAYLOAD_MAX + 1, &token, &problem), &problem,
	               KM_TOO_LARGE, "form");
	assert_ok(km_signer_sign(signer, KM_FORM_RECEIPT, large, KM_FORM_PAYLOAD_MAX, &token, &problem), &problem);
	assert_true(strlen(token) > KM_FORM_PAYLOAD_MAX);
	stop(signer);
}

static void each_signature_leaves_a_line_by_which_it_is_known(void **state)
{
	(void)state;
	make_keys_elsewhere(NULL);
	struct km_problem problem = {0};
	struct km_signer_process process = own;
	process.logs_signatures = true;
	int before = dup(STDERR_FILENO), file = open("said", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	assert_true(before >= 0 && file >= 0);
	assert_int_equal(dup2(file, STDERR_FILENO), STDERR_FILENO); /* the signer has it from us */
	auto_free char *token = NULL, *none = NULL;
	struct km_signer *signer = start(&process);
	enum km_error error = sign(signer, KM_FORM_STATUS, &token, &problem);
	enum km_error refused = km_signer_sign(signer, KM_FORM_STATUS, "{}", 2, &none, NULL);
	km_signer_close(signer);
	dup2(before, STDERR_FILENO);
	close(before);
	close(file);
	assert_ok(error, &problem);
	assert_int_equal(refused, KM_INVALID);
	uint8_t digest[KM_SHA256_BYTES];
	auto_buf struct km_buf expected = KM_BUF_EMPTY;
	char said[1000];
	km_sha256(token, strlen(token), digest);
	km_buf_add_text(&expected, " note signed status, SHA-256 ");
	km_encode(KM_HEX, digest, sizeof digest, &expected);
	km_buf_add_char(&expected, '\n');
	km_test_read("said", said, sizeof said);
	assert_string_equal(said + KM_TIME_TEXT - 1, expected.data); /* and nothing of what was refused */
}

static void what_the_signer_refuses_it_says_why(void **state)
{
	(void)state;
	make_keys_elsewhere(NULL);
	struct km_signer *signer = start(&own);
	char *token = NULL;
	for (enum km_form form = 0; form < KM_FORMS; form++) {
		struct km_problem problem = {0};
		auto_free char *other = sample((enum km_form)((form + 1) % KM_FORMS));
		assert_problem(km_signer_sign(signer, form, other, strlen(other), &token, &problem), &problem, KM_INVALID,
		               "form");
		assert_problem(km_signer_sign(signer, form, "{", 1, &token, &problem), &problem, KM_MALFORMED, "json");
	}
	struct km_problem problem = {0};
	assert_problem(km_signer_checkpoint(signer, "x\n1\n\n", 5, &token, &problem), &problem, KM_MALFORMED, "checkpoint");
	char large[KM_CHECKPOINT_MAX + 1] = "";
	assert_problem(km_signer_checkpoint(signer, large, sizeof large, &token, &problem), &problem, KM_MALFORMED,
	               "checkpoint");
	assert_null(token);
	assert_signs(signer, KM_FORM_STATUS); /* and goes on */
	stop(signer);
}

static void why_it_does_not_start_is_said(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_signer *signer = NULL;
	struct km_signer_process process = own;
	assert_problem(try_start(&process, &signer, &problem), &problem, KM_ABSENT, "no-keys");
	make_keys_elsewhere(PASSPHRASE);
	assert_problem(try_start(&process, &signer, &problem), &problem, KM_UNPROVEN, "passphrase-missing");
	km_test_write("phrase", "anders\n", 7, 0600);
	process.passphrase_file = "phrase";
	assert_problem(try_start(&process, &signer, &problem), &problem, KM_UNPROVEN, "passphrase-wrong");
	assert_int_equal(chmod("phrase", 0644), 0);
	assert_problem(try_start(&process, &signer, &problem), &problem, KM_FORBIDDEN, "permissions");
	process.passphrase_file = "none";
	assert_problem(try_start(&process, &signer, &problem), &problem, KM_ABSENT, "no-file");
	process.program = "/no/such/program";
	assert_problem(try_start(&process, &signer, &problem), &problem, KM_UNAVAILABLE, "signer-start");
	process.program = "/bin/true"; /* some other program */
	assert_problem(try_start(&process, &signer, &problem), &problem, KM_UNAVAILABLE, "signer-gone");
	assert_null(signer);
}

/* The line of /proc/PID/status that begins so, without that. */
static void status_of(pid_t process, const char *label, char *value, size_t room)
{
	char path[64], text[8192];
	snprintf(path, sizeof path, "/proc/%ld/status", (long)process);
	km_test_read(path, text, sizeof text);
	const char *line = strstr(text, label);
	assert_non_null(line);
	line += strlen(label);
	snprintf(value, room, "%.*s", (int)strcspn(line, "\n"), line);
}

static void the_process_has_given_up_its_rights(void **state)
{
	(void)state;
	make_keys_elsewhere(NULL);
	struct km_signer *signer = start(&own);
	pid_t process = signer_process();
	char value[256], path[64], limits[8192];
	status_of(process, "\nSeccomp:\t", value, sizeof value);
	assert_string_equal(value, "2");
	status_of(process, "\nNoNewPrivs:\t", value, sizeof value);
	assert_string_equal(value, "1");
	status_of(process, "\nThreads:\t", value, sizeof value);
#if !defined __SANITIZE_THREAD__
	assert_string_equal(value, "1");
#endif
	snprintf(path, sizeof path, "/proc/%ld/limits", (long)process);
	km_test_read(path, limits, sizeof limits);
	const char *core = strstr(limits, "Max core file size");
	long soft = -1, hard = -1;
	assert_non_null(core);
	assert_int_equal(sscanf(core, "Max core file size %ld %ld", &soft, &hard), 2);
	assert_true(soft == 0 && hard == 0);
	stop(signer);
}

static void started_as_root_it_becomes_somebody_else(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	make_keys_elsewhere(NULL);
	struct km_signer_process process = own;
	process.uid = 65534;
	process.gid = 65534;
	struct km_signer *signer = start(&process);
	char value[256], path[64];
	struct stat status;
	status_of(signer_process(), "\nUid:\t", value, sizeof value);
	assert_string_equal(value, "65534\t65534\t65534\t65534");
	status_of(signer_process(), "\nGid:\t", value, sizeof value);
	assert_string_equal(value, "65534\t65534\t65534\t65534");
	status_of(signer_process(), "\nCapEff:\t", value, sizeof value);
	assert_string_equal(value, "0000000000000000");
	/* What cannot be dumped is root's, though the process is not. */
	snprintf(path, sizeof path, "/proc/%ld/environ", (long)signer_process());
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_uid, 0);
	assert_signs(signer, KM_FORM_CREDENTIAL);
	stop(signer);
}

static void a_signer_that_dies_is_started_anew(void **state)
{
	(void)state;
	make_keys_elsewhere(NULL);
	struct km_problem problem = {0};
	struct km_signer *signer = start(&own);
	char *token = NULL;
	pid_t first = signer_process();
	assert_int_equal(kill(first, SIGKILL), 0);
	assert_problem(sign(signer, KM_FORM_STATUS, &token, &problem), &problem, KM_UNAVAILABLE, "signer-gone");
	assert_problem(sign(signer, KM_FORM_STATUS, &token, &problem), &problem, KM_UNAVAILABLE, "signer-gone");
	assert_null(token);
	link_moment++; /* at most one start a second */
	assert_signs(signer, KM_FORM_STATUS);
	assert_true(signer_process() > 0);
	assert_int_not_equal(signer_process(), first);
	/* one that cannot start is tried again too */
	assert_int_equal(kill(signer_process(), SIGKILL), 0);
	assert_problem(sign(signer, KM_FORM_STATUS, &token, &problem), &problem, KM_UNAVAILABLE, "signer-gone");
	assert_int_equal(chmod("keys", 0755), 0);
	link_moment++;
	assert_problem(sign(signer, KM_FORM_STATUS, &token, &problem), &problem, KM_UNAVAILABLE, "permissions");
	assert_int_equal(chmod("keys", 0700), 0);
	link_moment++;
	assert_signs(signer, KM_FORM_STATUS);
	stop(signer);
}

static void a_new_key_signs_as_soon_as_it_is_its_time(void **state)
{
	(void)state;
	make_keys_elsewhere(NULL);
	struct km_problem problem = {0};
	struct km_clock machine = km_clock_system();
	struct km_keyset_entry next, none;
	struct km_keyset set;
	struct km_signer *signer = start(&own);
	pid_t first = signer_process();
	assert_ok(
		km_key_rotate("keys", KM_PURPOSE_STATUS, NULL, NULL, km_clock_now(&machine) + 1000, &machine, &next, &problem),
		&problem);
	assert_signs(signer, KM_FORM_STATUS); /* the present key */
	assert_int_not_equal(signer_process(), first);
	first = signer_process();
	assert_signs(signer, KM_FORM_STATUS);
	assert_int_equal(signer_process(), first);
	/* And when the present one is known to be in other hands, the next, which is known to all, at once. */
	assert_ok(km_signer_keyset("keys", &set, &problem), &problem);
	const struct km_keyset_entry *present = entry_for(&set, KM_PURPOSE_STATUS);
	assert_string_not_equal(present->thumbprint, next.thumbprint);
	assert_ok(km_key_revoke("keys", present->thumbprint, NULL, NULL, made_at, &machine, &none, &problem), &problem);
	auto_free char *token = NULL;
	auto_jws struct km_jws jws = {0};
	assert_ok(sign(signer, KM_FORM_STATUS, &token, &problem), &problem);
	assert_ok(km_jws_parse(token, strlen(token), 10000, &jws, &problem), &problem);
	assert_string_equal(jws.kid, next.thumbprint);
	assert_true(km_jws_verify(&jws, next.public_key));
	stop(signer);
}

static void a_signer_that_hangs_is_replaced(void **state)
{
	(void)state;
	make_keys_elsewhere(NULL);
	struct km_problem problem = {0};
	reply_timeout_ms = 200;
	struct km_signer *signer = start(&own);
	char *token = NULL;
	pid_t first = signer_process();
	assert_int_equal(kill(first, SIGSTOP), 0);
	assert_problem(sign(signer, KM_FORM_STATUS, &token, &problem), &problem, KM_UNAVAILABLE, "signer-gone");
	link_moment++;
	assert_signs(signer, KM_FORM_STATUS);
	assert_int_equal(kill(first, 0), -1); /* gone, and no zombie */
	assert_int_equal(errno, ESRCH);
	reply_timeout_ms = 0;
	stop(signer);
}

static void signals_meant_for_the_server_do_not_end_it(void **state)
{
	(void)state;
	make_keys_elsewhere(NULL);
	struct km_signer *signer = start(&own);
	pid_t process = signer_process();
	assert_int_equal(kill(process, SIGTERM), 0);
	assert_int_equal(kill(process, SIGINT), 0);
	assert_int_equal(kill(process, SIGHUP), 0);
	assert_signs(signer, KM_FORM_RECEIPT);
	assert_int_equal(signer_process(), process);
	stop(signer);
}

/* A signer's process with the other end of its socket in our hand, ready. */
static pid_t raw_process(int *ret_fd)
{
	int ends[2];
	pid_t child;
	posix_spawn_file_actions_t files;
	const char *const arguments[] = {"keurmerk", KM_SIGNER_COMMAND, "keys", "", "0", "0", "", NULL};
	const char *const environment[] = {"ASAN_OPTIONS=detect_leaks=0", NULL};
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(posix_spawn_file_actions_init(&files), 0);
	assert_int_equal(posix_spawn_file_actions_adddup2(&files, ends[1], KM_SIGNER_FD), 0);
	assert_int_equal(
		posix_spawn(&child, "/proc/self/exe", &files, NULL, (char *const *)arguments, (char *const *)environment), 0);
	posix_spawn_file_actions_destroy(&files);
	close(ends[1]);
	struct km_problem problem = {0};
	struct km_message ready = {.kind = 77};
	assert_ok(km_message_receive(ends[0], 1000, &ready, &problem), &problem);
	assert_int_equal(ready.kind, KM_OK);
	assert_int_equal(ready.len, 0);
	free(ready.bytes);
	*ret_fd = ends[0];
	return child;
}

static void it_ends_by_itself_when_the_server_has_gone(void **state)
{
	(void)state;
	make_keys_elsewhere(NULL);
	int fd;
	pid_t child = raw_process(&fd);
	close(fd);
	int status = status_after(child);
	assert_true(WIFEXITED(status)); /* and not killed on its way out */
	assert_int_equal(WEXITSTATUS(status), 0);
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void forged_requests_get_no_signature(void **state)
{
	(void)state;
	make_keys_elsewhere(NULL);
	int fd;
	pid_t child = raw_process(&fd);
	static const uint32_t kinds[] = {0, 1, 2, 3, 4, 5, 99, KM_REQUEST_CHECKPOINT, 101, 0x7fffffff, 0xffffffff};
	uint32_t seed = 1;
	for (size_t i = 0; i < 3000; i++) {
		struct km_problem problem = {0};
		struct km_message reply = {.kind = 77};
		/* A good payload with some of its bytes turned, or cut: no longer JSON, or of another form. */
		auto_free char *payload = sample((enum km_form)(i % KM_FORMS));
		size_t len = strlen(payload);
		uint32_t kind = kinds[next_random(&seed) % (sizeof kinds / sizeof *kinds)];
		if (i % 3 == 0)
			len = next_random(&seed) % len;
		else
			for (size_t turned = 0; turned < 3; turned++)
				payload[next_random(&seed) % len] ^= (char)(0x80 | next_random(&seed)); /* no longer UTF-8 */
		assert_ok(km_message_send(fd, kind, payload, len, &problem), &problem);
		assert_ok(km_message_receive(fd, KM_REPLY_MAX, &reply, &problem), &problem);
		if (reply.kind == KM_OK)
			fail_msg("signed as form %lu: %.*s", (unsigned long)kind, (int)len, payload);
		assert_null(strstr(reply.bytes, "eyJ"));
		free(reply.bytes);
	}
	close(fd);
	assert_int_equal(status_after(child), 0);
}

static void a_message_that_is_too_long_or_cut_off_is_the_last(void **state)
{
	(void)state;
	make_keys_elsewhere(NULL);
	static const uint32_t too_long[] = {KM_FORM_RECEIPT, KM_FORM_PAYLOAD_MAX + 1},
						  huge[] = {KM_FORM_RECEIPT, UINT32_MAX}, cut[] = {KM_FORM_RECEIPT, 100, 0};
	const struct {
		const void *bytes;
		size_t len;
	} messages[] = {{too_long, sizeof too_long}, {huge, sizeof huge}, {cut, sizeof cut}, {cut, 5}, {cut, 1}};
	for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
		int fd;
		struct km_problem problem = {0};
		struct km_message reply = {.kind = 77};
		pid_t child = raw_process(&fd);
		assert_int_equal(send(fd, messages[i].bytes, messages[i].len, MSG_NOSIGNAL), (ssize_t)messages[i].len);
		assert_int_equal(shutdown(fd, SHUT_WR), 0);
		assert_int_not_equal(km_message_receive(fd, KM_REPLY_MAX, &reply, &problem), KM_OK);
		int status = status_after(child);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
		close(fd);
	}
}

static void nobody_gets_thousands_of_signatures_unseen(void **state)
{
	(void)state;
	make_keys_elsewhere(NULL);
	struct km_signer *signer = start(&own);
	struct km_problem problem = {0};
	size_t signatures = 0;
	enum km_error error = KM_OK;
	while (!error && signatures < 20000) {
		auto_free char *token = NULL;
		error = sign(signer, KM_FORM_RECEIPT, &token, &problem);
		signatures += !error;
	}
	assert_problem(error, &problem, KM_UNAVAILABLE, "rate-limit");
	assert_true(signatures >= 1000);
	assert_signs(signer, KM_FORM_CREDENTIAL); /* each form has its own measure */
	stop(signer);
}

static void keys_under_a_passphrase_are_opened_by_the_signer_alone(void **state)
{
	(void)state;
	make_keys_elsewhere(PASSPHRASE);
	km_test_write("phrase", PASSPHRASE "\n", strlen(PASSPHRASE) + 1, 0600);
	struct km_signer_process process = own;
	process.passphrase_file = "phrase";
	struct km_signer *signer = start(&process);
	assert_signs(signer, KM_FORM_CREDENTIAL);
	char path[64], line[4096];
	snprintf(path, sizeof path, "/proc/%ld/cmdline", (long)signer_process());
	size_t len = km_test_read(path, line, sizeof line);
	assert_null(memmem(line, len, PASSPHRASE, strlen(PASSPHRASE)));
	stop(signer);
}

static void *sign_often(void *context)
{
	for (size_t i = 0; i < 50; i++) {
		auto_free char *token = NULL;
		auto_jws struct km_jws jws = {0};
		auto_free char *payload = sample(KM_FORM_STATUS);
		if (km_signer_sign(context, KM_FORM_STATUS, payload, strlen(payload), &token, NULL) != KM_OK ||
		    km_jws_parse(token, strlen(token), 10000, &jws, NULL) != KM_OK || strcmp(jws.payload, payload) != 0)
			return context;
	}
	return NULL;
}

static void many_threads_may_ask_at_once(void **state)
{
	(void)state;
	make_keys_elsewhere(NULL);
	struct km_signer *signer = start(&own);
	pthread_t threads[4];
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, sign_often, signer), 0);
	for (size_t i = 0; i < 4; i++) {
		void *failed = signer;
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	stop(signer);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], KM_SIGNER_COMMAND) == 0)
		return km_signer_process_main(argc - 2, argv + 2);
	const struct CMUnitTest tests[] = {
		KM_TEST_IN_FOLDER(a_process_of_its_own_signs_each_form),
		KM_TEST_IN_FOLDER(many_at_once_come_back_each_in_its_place),
		KM_TEST_IN_FOLDER(where_one_of_many_is_refused_none_is_given),
		KM_TEST_IN_FOLDER(a_payload_at_the_bound_goes_across),
		KM_TEST_IN_FOLDER(each_signature_leaves_a_line_by_which_it_is_known),
		KM_TEST_IN_FOLDER(what_the_signer_refuses_it_says_why),
		KM_TEST_IN_FOLDER(why_it_does_not_start_is_said),
		KM_TEST_IN_FOLDER(the_process_has_given_up_its_rights),
		KM_TEST_IN_FOLDER(started_as_root_it_becomes_somebody_else),
		KM_TEST_IN_FOLDER(a_signer_that_dies_is_started_anew),
		KM_TEST_IN_FOLDER(a_new_key_signs_as_soon_as_it_is_its_time),
		KM_TEST_IN_FOLDER(a_signer_that_hangs_is_replaced),
		KM_TEST_IN_FOLDER(signals_meant_for_the_server_do_not_end_it),
		KM_TEST_IN_FOLDER(it_ends_by_itself_when_the_server_has_gone),
		KM_TEST_IN_FOLDER(forged_requests_get_no_signature),
		KM_TEST_IN_FOLDER(a_message_that_is_too_long_or_cut_off_is_the_last),
		KM_TEST_IN_FOLDER(nobody_gets_thousands_of_signatures_unseen),
		KM_TEST_IN_FOLDER(keys_under_a_passphrase_are_opened_by_the_signer_alone),
		KM_TEST_IN_FOLDER(many_threads_may_ask_at_once),
	};
	return cmocka_run_group_tests_name("signer process", tests, NULL, NULL);
}
