#include "tests/folder.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/json.h"
#include "keys/checkpoint.h"
#include "keys/jws.h"
#include "keys/note.h"
#include "keys/sandbox.h"
#include "keys/signer.h"
#include "keys/signer_link.h"
#include "keys/signer_process.h"
#include "keys/wire.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#define URL        "https://keurmerk.example"
#define PASSPHRASE "een heel lang geheim voor de sleutels van het register"
#define BODY       "keurmerk.example/log\n12\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"

/* When the keys were made: long ago, so that the machine's clock, which the signer's process has, does not matter. */
static const int64_t made_at = 1000000000;

/* This program is its own signer, as keurmerk is. */
static const struct km_signer_process own = {.program = "/proc/self/exe", .folder = "keys"};

static int64_t link_moment;

static struct km_clock link_clock(void)
{
	return km_clock_fixed(&link_moment);
}

/* In another process, so that no key was ever in the memory of this one. */
static void make_keys_elsewhere(const char *passphrase)
{
	int status;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(km_signer_init("keys", URL, passphrase, made_at, NULL) != KM_OK);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static struct km_signer *start(const struct km_signer_process *process)
{
	struct km_problem problem = {0};
	struct km_signer *signer = NULL;
	struct km_clock clock = link_clock();
	assert_ok(km_signer_start(process, &clock, &signer, &problem), &problem);
	return signer;
}

static const struct km_keyset_entry *entry_for(const struct km_keyset *set, enum km_purpose purpose)
{
	for (size_t i = 0; i < set->len; i++)
		if (set->entries[i].purpose == purpose)
			return &set->entries[i];
	fail();
	return NULL;
}

/* A payload of this form, about now; the caller's (free). */
static char *sample(enum km_form form)
{
	struct km_clock clock = km_clock_system();
	long long now = km_clock_now(&clock);
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	switch (form) {
	case KM_FORM_CREDENTIAL:
		km_buf_add_text(&text, "{\"type\":[\"VerifiableCredential\",\"OpenBadgeCredential\"],\"iss\":\"" URL
		                       "\",\"issuer\":{\"id\":\"" URL "\"},\"id\":\"a:1\",\"jti\":\"a:1\",\"sub\":\"a:2\","
		                       "\"credentialSubject\":{\"id\":\"a:2\"},\"nbf\":1}");
		break;
	case KM_FORM_STATUS_LIST:
		km_buf_add_text(&text, "{\"type\":[\"BitstringStatusListCredential\"],\"id\":\"a:1\",\"issuer\":\"" URL
		                       "\",\"credentialSubject\":{\"encodedList\":\"uH4sI\"}}");
		break;
	case KM_FORM_STATUS:
		km_buf_add_format(&text,
		                  "{\"iss\":\"" URL "\",\"sub\":\"a:1\",\"iat\":%lld,\"exp\":%lld,\"mark\":\"1\",\"state\":"
		                  "\"active\"}",
		                  now, now + 60);
		break;
	default:
		km_buf_add_format(&text, "{\"iss\":\"" URL "\",\"jti\":\"x\",\"iat\":%lld,\"results\":[]}", now);
	}
	return km_buf_take(&text, NULL);
}

static enum km_error sign(struct km_signer *signer, enum km_form form, char **token, struct km_problem *problem)
{
	auto_free char *payload = sample(form);
	return km_signer_sign(signer, form, payload, strlen(payload), token, problem);
}

static void assert_signs(struct km_signer *signer, enum km_form form)
{
	struct km_problem problem = {0};
	struct km_keyset set;
	auto_free char *token = NULL;
	auto_jws struct km_jws jws = {0};
	assert_ok(km_signer_keyset("keys", &set, &problem), &problem);
	assert_ok(sign(signer, form, &token, &problem), &problem);
	assert_ok(km_jws_parse(token, strlen(token), 10000, &jws, &problem), &problem);
	assert_true(km_jws_verify(&jws, entry_for(&set, km_form_purpose(form))->public_key));
	assert_string_equal(jws.typ, km_form_typ(form));
}

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
	assert_true(km_signer_process_id(signer) > 0);
	assert_int_not_equal(km_signer_process_id(signer), getpid());
	km_signer_close(signer);
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
	km_signer_close(signer);
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
	km_signer_close(signer);
}

static void why_it_does_not_start_is_said(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_signer *signer = NULL;
	struct km_clock clock = link_clock();
	struct km_signer_process process = own;
	assert_problem(km_signer_start(&process, &clock, &signer, &problem), &problem, KM_ABSENT, "no-keys");
	make_keys_elsewhere(PASSPHRASE);
	assert_problem(km_signer_start(&process, &clock, &signer, &problem), &problem, KM_UNPROVEN, "passphrase-missing");
	km_test_write("phrase", "anders\n", 7, 0600);
	process.passphrase_file = "phrase";
	assert_problem(km_signer_start(&process, &clock, &signer, &problem), &problem, KM_UNPROVEN, "passphrase-wrong");
	assert_int_equal(chmod("phrase", 0644), 0);
	assert_problem(km_signer_start(&process, &clock, &signer, &problem), &problem, KM_FORBIDDEN, "permissions");
	process.passphrase_file = "none";
	assert_problem(km_signer_start(&process, &clock, &signer, &problem), &problem, KM_ABSENT, "no-file");
	process.program = "/no/such/program";
	assert_problem(km_signer_start(&process, &clock, &signer, &problem), &problem, KM_UNAVAILABLE, "signer-start");
	process.program = "/bin/true"; /* some other program */
	assert_problem(km_signer_start(&process, &clock, &signer, &problem), &problem, KM_UNAVAILABLE, "signer-gone");
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
	pid_t process = km_signer_process_id(signer);
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
	km_signer_close(signer);
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
	status_of(km_signer_process_id(signer), "\nUid:\t", value, sizeof value);
	assert_string_equal(value, "65534\t65534\t65534\t65534");
	status_of(km_signer_process_id(signer), "\nGid:\t", value, sizeof value);
	assert_string_equal(value, "65534\t65534\t65534\t65534");
	status_of(km_signer_process_id(signer), "\nCapEff:\t", value, sizeof value);
	assert_string_equal(value, "0000000000000000");
	/* What cannot be dumped is root's, though the process is not. */
	snprintf(path, sizeof path, "/proc/%ld/environ", (long)km_signer_process_id(signer));
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_uid, 0);
	assert_signs(signer, KM_FORM_CREDENTIAL);
	km_signer_close(signer);
}

static void a_signer_that_dies_is_started_anew(void **state)
{
	(void)state;
	make_keys_elsewhere(NULL);
	struct km_problem problem = {0};
	struct km_signer *signer = start(&own);
	char *token = NULL;
	pid_t first = km_signer_process_id(signer);
	assert_int_equal(kill(first, SIGKILL), 0);
	assert_problem(sign(signer, KM_FORM_STATUS, &token, &problem), &problem, KM_UNAVAILABLE, "signer-gone");
	assert_int_equal(km_signer_process_id(signer), 0);
	assert_problem(sign(signer, KM_FORM_STATUS, &token, &problem), &problem, KM_UNAVAILABLE, "signer-gone");
	assert_null(token);
	link_moment++; /* at most one start a second */
	assert_signs(signer, KM_FORM_STATUS);
	assert_true(km_signer_process_id(signer) > 0);
	assert_int_not_equal(km_signer_process_id(signer), first);
	/* one that cannot start is tried again too */
	assert_int_equal(kill(km_signer_process_id(signer), SIGKILL), 0);
	assert_problem(sign(signer, KM_FORM_STATUS, &token, &problem), &problem, KM_UNAVAILABLE, "signer-gone");
	assert_int_equal(chmod("keys", 0755), 0);
	link_moment++;
	assert_problem(sign(signer, KM_FORM_STATUS, &token, &problem), &problem, KM_UNAVAILABLE, "permissions");
	assert_int_equal(chmod("keys", 0700), 0);
	link_moment++;
	assert_signs(signer, KM_FORM_STATUS);
	km_signer_close(signer);
}

static void a_signer_that_hangs_is_replaced(void **state)
{
	(void)state;
	make_keys_elsewhere(NULL);
	struct km_problem problem = {0};
	struct km_signer_process process = own;
	process.reply_timeout_ms = 200;
	struct km_signer *signer = start(&process);
	char *token = NULL;
	pid_t first = km_signer_process_id(signer);
	assert_int_equal(kill(first, SIGSTOP), 0);
	assert_problem(sign(signer, KM_FORM_STATUS, &token, &problem), &problem, KM_UNAVAILABLE, "signer-gone");
	assert_int_equal(kill(first, 0), -1); /* gone, and no zombie */
	assert_int_equal(errno, ESRCH);
	link_moment++;
	process.reply_timeout_ms = 0;
	assert_signs(signer, KM_FORM_STATUS);
	km_signer_close(signer);
}

static void signals_meant_for_the_server_do_not_end_it(void **state)
{
	(void)state;
	make_keys_elsewhere(NULL);
	struct km_signer *signer = start(&own);
	pid_t process = km_signer_process_id(signer);
	assert_int_equal(kill(process, SIGTERM), 0);
	assert_int_equal(kill(process, SIGINT), 0);
	assert_int_equal(kill(process, SIGHUP), 0);
	assert_signs(signer, KM_FORM_RECEIPT);
	assert_int_equal(km_signer_process_id(signer), process);
	km_signer_close(signer);
}

/* A signer's process with the other end of its socket in our hand, ready. */
static pid_t raw_process(int *ret_fd)
{
	int ends[2];
	pid_t child;
	posix_spawn_file_actions_t files;
	const char *const arguments[] = {"keurmerk", KM_SIGNER_COMMAND, "keys", "", "0", "0", NULL};
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

static int status_after(pid_t child)
{
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
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
	km_signer_close(signer);
}

static void open_a_file(void)
{
	syscall(SYS_openat, AT_FDCWD, "keys/log.pem", O_RDONLY);
}
static void make_a_socket(void)
{
	syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}
static void start_a_program(void)
{
	syscall(SYS_execve, "/bin/true", NULL, NULL);
}
static void make_a_process(void)
{
	syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}
static void trace_another(void)
{
	syscall(SYS_ptrace, PTRACE_ATTACH, getppid(), 0, 0);
}
static void signal_another(void)
{
	syscall(SYS_kill, 1, 0);
}
static void map_code(void)
{
	syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void read_another_descriptor(void)
{
	char byte;
	syscall(SYS_read, STDIN_FILENO, &byte, 1);
}
static void write_to_standard_output(void)
{
	syscall(SYS_write, STDOUT_FILENO, "", 0);
}
static void send_elsewhere(void)
{
	struct msghdr message = {.msg_iov = NULL};
	syscall(SYS_sendmsg, STDOUT_FILENO, &message, 0);
}
static void become_root(void)
{
	syscall(SYS_setuid, 0);
}
static void do_nothing(void)
{
}

/* How a process ends that fences itself in and then does this. */
static int end_of(void (*deed)(void))
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (km_sandbox_enter(KM_SIGNER_FD, NULL) != KM_OK)
			_exit(9);
		deed();
		_exit(0);
	}
	return status_after(child);
}

static void a_forbidden_system_call_is_the_last(void **state)
{
	(void)state;
	static void (*const deeds[])(void) = {
		open_a_file, make_a_socket,           start_a_program,          make_a_process, trace_another, signal_another,
		map_code,    read_another_descriptor, write_to_standard_output, send_elsewhere, become_root,
	};
	assert_int_equal(end_of(do_nothing), 0);
	for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
		int status = end_of(deeds[i]);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("deed %zu: ended with %#x", i, (unsigned)status);
	}
}

#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
/* Writes each private seed, with all its bits turned over, to the file "hidden". */
static void hide_secrets_elsewhere(void)
{
	int status;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		uint8_t hidden[KM_PURPOSES][32];
		for (enum km_purpose purpose = 0; purpose < KM_PURPOSES; purpose++) {
			char path[64], pem[1024];
			uint8_t der[48]; /* RFC 8410: the seed is the last 32 bytes */
			snprintf(path, sizeof path, "keys/%s.pem", km_purpose_name(purpose));
			km_test_read(path, pem, sizeof pem);
			const char *base64 = strchr(pem, '\n') + 1;
			if (!km_decode_exact(KM_BASE64, base64, strcspn(base64, "\n"), der, sizeof der))
				_exit(1);
			for (size_t i = 0; i < 32; i++)
				hidden[purpose][i] = der[16 + i] ^ 0xff;
		}
		km_test_write("hidden", hidden, sizeof hidden, 0600);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* How many of the seeds are in these bytes. */
static size_t count_seeds(const uint8_t *bytes, size_t len, uint8_t hidden[KM_PURPOSES][32])
{
	size_t found = 0;
	for (size_t at = 0; at + 32 <= len; at++) {
		for (size_t key = 0; key < KM_PURPOSES; key++) {
			size_t same = 0;
			while (same < 32 && (bytes[at + same] ^ hidden[key][same]) == 0xff)
				same++;
			found += same == 32;
		}
	}
	return found;
}

/* In all the memory of this process. */
static size_t seeds_in_memory(void)
{
	uint8_t hidden[KM_PURPOSES][32];
	size_t found = 0;
	char line[512];
	int fd = open("hidden", O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, hidden, sizeof hidden), sizeof hidden);
	close(fd);
	int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	FILE *maps = fopen("/proc/self/maps", "re");
	assert_true(memory >= 0 && maps);
	while (fgets(line, sizeof line, maps)) {
		unsigned long long from, to;
		char rights[8];
		assert_int_equal(sscanf(line, "%llx-%llx %7s", &from, &to, rights), 3);
		if (rights[0] != 'r' || strstr(line, "[v"))
			continue;
		uint8_t *copy = mmap(NULL, to - from, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_ptr_not_equal(copy, MAP_FAILED);
		ssize_t got = pread(memory, copy, to - from, (off_t)from);
		if (got > 0)
			found += count_seeds(copy, (size_t)got, hidden);
		munmap(copy, to - from);
	}
	fclose(maps);
	close(memory);
	return found;
}
#endif

static void the_memory_of_the_server_holds_no_private_key(void **state)
{
	(void)state;
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
	skip(); /* their shadow memory is too large to go through */
#else
	make_keys_elsewhere(NULL);
	hide_secrets_elsewhere();
	struct km_problem problem = {0};
	struct km_signer *signer = start(&own), *inside = NULL;
	for (enum km_form form = 0; form < KM_FORMS; form++)
		assert_signs(signer, form);
	assert_int_equal(seeds_in_memory(), 0);
	/* The twin, which shows that this search finds what is there. */
	struct km_clock clock = km_clock_system();
	assert_ok(km_signer_open("keys", NULL, &clock, &inside, &problem), &problem);
	assert_true(seeds_in_memory() >= KM_PURPOSES);
	km_signer_close(inside);
	assert_int_equal(seeds_in_memory(), 0); /* and that closing wipes */
	km_signer_close(signer);
#endif
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
	snprintf(path, sizeof path, "/proc/%ld/cmdline", (long)km_signer_process_id(signer));
	size_t len = km_test_read(path, line, sizeof line);
	assert_null(memmem(line, len, PASSPHRASE, strlen(PASSPHRASE)));
	km_signer_close(signer);
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
	km_signer_close(signer);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], KM_SIGNER_COMMAND) == 0)
		return km_signer_process_main(argc - 2, argv + 2);
	const struct CMUnitTest tests[] = {
		KM_TEST_IN_FOLDER(a_process_of_its_own_signs_each_form),
		KM_TEST_IN_FOLDER(a_payload_at_the_bound_goes_across),
		KM_TEST_IN_FOLDER(what_the_signer_refuses_it_says_why),
		KM_TEST_IN_FOLDER(why_it_does_not_start_is_said),
		KM_TEST_IN_FOLDER(the_process_has_given_up_its_rights),
		KM_TEST_IN_FOLDER(started_as_root_it_becomes_somebody_else),
		KM_TEST_IN_FOLDER(a_signer_that_dies_is_started_anew),
		KM_TEST_IN_FOLDER(a_signer_that_hangs_is_replaced),
		KM_TEST_IN_FOLDER(signals_meant_for_the_server_do_not_end_it),
		KM_TEST_IN_FOLDER(it_ends_by_itself_when_the_server_has_gone),
		KM_TEST_IN_FOLDER(forged_requests_get_no_signature),
		KM_TEST_IN_FOLDER(a_message_that_is_too_long_or_cut_off_is_the_last),
		KM_TEST_IN_FOLDER(nobody_gets_thousands_of_signatures_unseen),
		KM_TEST_IN_FOLDER(a_forbidden_system_call_is_the_last),
		KM_TEST_IN_FOLDER(the_memory_of_the_server_holds_no_private_key),
		KM_TEST_IN_FOLDER(keys_under_a_passphrase_are_opened_by_the_signer_alone),
		KM_TEST_IN_FOLDER(many_threads_may_ask_at_once),
	};
	return cmocka_run_group_tests_name("signer process", tests, NULL, NULL);
}
