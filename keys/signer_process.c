#include "keys/signer_process.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/encode.h"
#include "keys/form.h"
#include "keys/key.h"
#include "keys/keyring.h"
#include "keys/rate.h"
#include "keys/sandbox.h"
#include "keys/wire.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* What it signs, beside the forms. */
enum { CHECKPOINT = KM_FORMS, PROOF, KINDS };

/* Far more than a registry needs; so that whoever got into the server cannot have thousands of marks signed unseen. */
static const struct {
	int64_t each_second, at_once;
} rates[KINDS] = {
	[KM_FORM_CREDENTIAL] = {50, 5000}, [KM_FORM_STATUS_LIST] = {50, 5000},
	[KM_FORM_STATUS] = {2000, 10000},  [KM_FORM_RECEIPT] = {100, 1000},
	[KM_FORM_REGISTER] = {1, 1000},    [KM_FORM_QR] = {50, 5000},
	[CHECKPOINT] = {50, 5000},         [PROOF] = {50, 5000},
};

struct process {
	bool logs;
	struct km_keyring *keyring;
	struct km_clock clock;
	struct km_rate rates[KINDS];
};

struct arguments {
	const char *folder, *passphrase_file; /* NULL where there is none */
	uid_t uid;                            /* 0: stays who it is */
	gid_t gid;
	bool logs;
};

static bool parse_id(const char *text, unsigned *ret_id)
{
	char *end;
	errno = 0;
	unsigned long id = strtoul(text, &end, 10);
	if (errno || !*text || *end || id >= UINT32_MAX)
		return false;
	*ret_id = (unsigned)id;
	return true;
}

static enum km_error parse(int argc, char **argv, struct arguments *ret_arguments, struct km_problem *problem)
{
	unsigned uid, gid;
	if (argc != 5 || !parse_id(argv[2], &uid) || !parse_id(argv[3], &gid))
		return km_fail(problem, KM_INVALID, "usage", "the signer is started by `keurmerk serve`, not by hand");
	*ret_arguments = (struct arguments){
		.folder = argv[0],
		.passphrase_file = *argv[1] ? argv[1] : NULL,
		.uid = uid,
		.gid = gid,
		.logs = strcmp(argv[4], KM_SIGNER_LOGS) == 0,
	};
	return KM_OK;
}

/* The passphrase is in this process only for as long as the keys are being opened. */
static enum km_error open_keys(const struct arguments *arguments, int64_t now, struct km_keyring **ret_keyring,
                               struct km_problem *problem)
{
	char *passphrase = NULL;
	enum km_error error = KM_OK;
	if (arguments->passphrase_file)
		error = km_passphrase_read(arguments->passphrase_file, &passphrase, problem);
	if (!error)
		error = km_keyring_open(arguments->folder, passphrase, now, ret_keyring, problem);
	km_passphrase_free(passphrase);
	return error;
}

static enum km_error become(uid_t uid, gid_t gid, struct km_problem *problem)
{
	if (uid == 0)
		return KM_OK;
	if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
		return km_fail(problem, KM_UNAVAILABLE, "sandbox", "the signer cannot become user %lu: %s", (unsigned long)uid,
		               strerror(errno));
	return KM_OK;
}

static enum km_error prepare(int argc, char **argv, struct process *process, struct km_problem *problem)
{
	struct arguments arguments = {.folder = NULL};
	/* It ends when the server closes the socket, after the last answer, and not before. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	prctl(PR_SET_NAME, "keurmerk-signer", 0, 0, 0);
	km_key_guard_memory();
	process->clock = km_clock_system();
	enum km_error error = parse(argc, argv, &arguments, problem);
	if (!error)
		error = open_keys(&arguments, km_clock_now(&process->clock), &process->keyring, problem);
	if (!error)
		error = become(arguments.uid, arguments.gid, problem);
	if (!error)
		error = km_sandbox_enter(KM_SIGNER_FD, km_keyring_in_token(process->keyring), problem);
	if (error)
		return error;
	process->logs = arguments.logs;
	int64_t now = km_clock_now(&process->clock);
	for (size_t i = 0; i < KINDS; i++)
		process->rates[i] = km_rate_new(rates[i].each_second, rates[i].at_once, now);
	return KM_OK;
}

/* The kind that a request is for; KINDS where there is none such. */
static uint32_t kind_of(uint32_t request)
{
	if (request < KM_FORMS)
		return request;
	return request == KM_REQUEST_CHECKPOINT ? CHECKPOINT : request == KM_REQUEST_PROOF ? PROOF : KINDS;
}

static enum km_error answer(struct process *process, const struct km_message *request, char **ret_reply,
                            struct km_problem *problem)
{
	struct km_keyring *keyring = process->keyring;
	int64_t now = km_clock_now(&process->clock);
	uint32_t kind = kind_of(request->kind);
	if (kind >= KINDS)
		return km_fail(problem, KM_INVALID, "form", "the signer signs nothing of this form");
	if (!km_rate_take(&process->rates[kind], now))
		return km_fail(problem, KM_UNAVAILABLE, "rate-limit",
		               "the signer was asked for too many signatures in a short time: try again in a moment");
	switch (kind) {
	case CHECKPOINT:
		return km_keyring_checkpoint(keyring, request->bytes, request->len, now, ret_reply, problem);
	case PROOF:
		return km_keyring_prove(keyring, request->bytes, request->len, now, ret_reply, problem);
	default:
		return km_keyring_sign(keyring, (enum km_form)kind, request->bytes, request->len, now, ret_reply, problem);
	}
}

static enum km_error reply_problem(enum km_error error, const struct km_problem *problem)
{
	auto_buf struct km_buf words = KM_BUF_EMPTY;
	km_buf_add(&words, problem->type, strlen(problem->type) + 1);
	km_buf_add_text(&words, problem->message);
	return km_message_send(KM_SIGNER_FD, (uint32_t)error, words.data, words.len, NULL);
}

/* One write for the line, which other processes write to as well. A log that is full is no reason not to sign. */
static void log_signature(const struct process *process, uint32_t request, const char *signed_text)
{
	uint8_t digest[KM_SHA256_BYTES];
	char moment[KM_TIME_TEXT];
	auto_buf struct km_buf line = KM_BUF_EMPTY;
	uint32_t kind = kind_of(request);
	km_time_format(km_clock_now(&process->clock), moment);
	km_sha256(signed_text, strlen(signed_text), digest);
	km_buf_add_format(&line, "%s note signed %s, SHA-256 ", moment,
	                  kind == CHECKPOINT ? "checkpoint"
	                  : kind == PROOF    ? "proof"
	                                     : km_form_name((enum km_form)kind));
	km_encode(KM_HEX, digest, sizeof digest, &line);
	km_buf_add_char(&line, '\n');
	if (!line.failed && write(STDERR_FILENO, line.data, line.len) < 0)
		return;
}

static enum km_error serve_one(struct process *process)
{
	struct km_message request = {.bytes = NULL};
	struct km_problem problem = {.code = KM_OK};
	auto_free char *reply = NULL;
	/* A request that is too long, or cut off, is by no keurmerk: it gets no answer and is the last. */
	enum km_error error = km_message_receive(KM_SIGNER_FD, KM_FORM_PAYLOAD_MAX, &request, NULL);
	if (error)
		return error;
	auto_free char *bytes = request.bytes;
	error = answer(process, &request, &reply, &problem);
	if (!error && process->logs)
		log_signature(process, request.kind, reply);
	if (!error)
		return km_message_send(KM_SIGNER_FD, KM_OK, reply, strlen(reply), NULL);
	enum km_error told = reply_problem(error, &problem);
	/* A new process may find the token again; this one has no PIN any more. */
	return told || strcmp(problem.type, "token-failed") != 0 ? told : KM_UNAVAILABLE;
}

int km_signer_process_main(int argc, char **argv)
{
	struct process process = {.keyring = NULL};
	struct km_problem problem = {.code = KM_OK};
	enum km_error error = prepare(argc, argv, &process, &problem);
	enum km_error told = error ? reply_problem(error, &problem) : km_message_send(KM_SIGNER_FD, KM_OK, "", 0, NULL);
	while (!error && !told)
		told = serve_one(&process);
	km_keyring_close(process.keyring);
	return error || told != KM_ABSENT;
}
