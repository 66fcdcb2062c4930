#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/compose.h"
#include "cli/fetch.h"
#include "cli/own_key.h"
#include "cli/passphrase.h"
#include "cli/remote.h"
#include "cli/say.h"
#include "cli/trust.h"
#include "registry/submission.h"

#include <string.h>

static const struct km_option options[] = {
	{"key", 0, "FILE", "file of your private key, or its pkcs11: URI", KM_OPTIONAL},
	{"registry", 0, "URL", "address of the registry (default: the one in ~/.config/keurmerk/trust)", KM_OPTIONAL},
	{"jti", 0, "ID", "name of this submission, 16 to 64 of A-Z a-z 0-9 - _ (default: a random one)", KM_OPTIONAL},
	{"print", 0, NULL, "sign and print, do not send; the output can be sent later as FILE", KM_OPTIONAL},
	KM_OPTION_PASSPHRASE("your key"),
	KM_OPTIONS_END,
};

/* A file that was signed before (--print) is sent as it is. */
static bool is_signed(const char *text)
{
	return strncmp(text, "eyJ", 3) == 0;
}

static enum km_error take_signed(const struct km_call *call, const char *text, char **ret_token,
                                 struct km_problem *problem)
{
	if (km_given(call, "key") || km_given(call, "jti"))
		return km_wrong_usage(problem, "%s is signed already: leave out --key and --jti", call->operands[0]);
	*ret_token = strndup(text, strcspn(text, " \t\r\n"));
	return *ret_token ? KM_OK : km_fail_memory(problem);
}

static enum km_error load_key(const struct km_call *call, struct km_key **ret_key, struct km_problem *problem)
{
	const char *place = km_given(call, "key");
	return place ? km_own_key_open(call, place, ret_key, problem) : km_wrong_usage(problem, "--key FILE is missing");
}

static enum km_error sign(const struct km_call *call, const char *url, const char *text, size_t len, char **ret_token,
                          struct km_problem *problem)
{
	char made[KM_JTI_TEXT];
	const char *jti = km_given(call, "jti");
	struct km_key *key = NULL;
	json_auto_t *content = NULL;
	enum km_error error = km_json_parse(text, len, call->operands[0], &content, problem);
	if (!error && !jti) {
		error = km_jti_make(made, problem);
		jti = made;
	}
	if (!error)
		error = load_key(call, &key, problem);
	if (!error)
		error = km_compose_submission(key, url, content, jti, km_clock_now(&call->clock), ret_token, problem);
	km_key_free(key);
	return error;
}

static enum km_error send_it(const char *url, const char *token, struct km_problem *problem)
{
	auto_fetch struct km_fetch *fetch = NULL;
	json_auto_t *reply = NULL;
	enum km_error error = km_fetch_open(&fetch, problem);
	if (!error)
		error = km_remote_post(fetch, url, "/v1/submissions", token, &reply, problem);
	if (!error)
		km_say_json(reply);
	return error;
}

static enum km_error run(struct km_call *call, struct km_problem *problem)
{
	char url[KM_REMOTE_URL_TEXT];
	auto_free char *text = NULL, *token = NULL;
	size_t len = 0;
	enum km_error error = km_trust_url(call, url, problem);
	if (!error)
		error = km_file_read(call->operands[0], KM_SUBMISSION_MAX, &text, &len, problem);
	if (!error)
		error =
			is_signed(text) ? take_signed(call, text, &token, problem) : sign(call, url, text, len, &token, problem);
	if (error)
		return error;
	if (km_given(call, "print")) {
		km_say(stdout, "%s", token);
		return KM_OK;
	}
	return send_it(url, token, problem);
}

const struct km_command km_submit_command = {
	.noun = "submit",
	.operands = "FILE",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "sign an audit or a decision and send it",
	.details =
		"FILE is JSON with “type” and a member of that name (- for standard input); what goes in it is described in\n"
		"doc/submissions.md. Who signs, for whom and when is filled in. Where no answer comes, the very same bytes "
		"are\n"
		"sent again: a registry applies them once.",
	.options = options,
	.run = run,
};
