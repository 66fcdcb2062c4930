#include "base/buf.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/compose.h"
#include "cli/fetch.h"
#include "cli/own_key.h"
#include "cli/passphrase.h"
#include "cli/remote.h"
#include "cli/say.h"
#include "keys/jwk.h"

#include <string.h>
#include <unistd.h>

static const struct km_option options[] = {
	{"code", 0, "CODE", "the code of your invitation", KM_REQUIRED},
	{"key", 0, "FILE", "file of your private key, made where it is not there; or pkcs11: URI of a token", KM_REQUIRED},
	KM_OPTION_PASSPHRASE("your key"),
	KM_OPTIONS_END,
};

static enum km_error make_key(const struct km_call *call, const char *path, struct km_key **ret_key,
                              struct km_problem *problem)
{
	struct km_key *key = NULL;
	char *passphrase = NULL;
	enum km_error error = km_passphrase_choose(call, path, &passphrase, problem);
	if (!error)
		error = km_key_generate(&key, problem);
	if (!error)
		error = km_key_save(key, path, passphrase, problem);
	if (!error)
		km_say(stderr, "keurmerk: made a new private key in %s: keep it to yourself%s", path,
		       passphrase ? "" : "; it is not encrypted (--passphrase-file)");
	km_passphrase_free(passphrase);
	if (error)
		km_key_free(key);
	else
		*ret_key = key;
	return error;
}

static enum km_error open_key(const struct km_call *call, struct km_key **ret_key, struct km_problem *problem)
{
	const char *path = km_given(call, "key");
	if (km_own_key_wants_new(path))
		return km_own_key_make(call, path, "keurmerk person", ret_key, problem);
	enum km_error error = km_own_key_open(call, path, ret_key, problem);
	return error == KM_ABSENT && strcmp(problem->type, "no-file") == 0 && access(path, F_OK) != 0
	           ? make_key(call, path, ret_key, problem)
	           : error;
}

static enum km_error send_it(const char *url, const char *token, json_t **ret_reply, struct km_problem *problem)
{
	auto_fetch struct km_fetch *fetch = NULL;
	enum km_error error = km_fetch_open(&fetch, problem);
	return error ? error : km_remote_post(fetch, url, "/v1/enrolments", token, ret_reply, problem);
}

static enum km_error run(struct km_call *call, struct km_problem *problem)
{
	char url[KM_REMOTE_URL_TEXT];
	struct km_key *key = NULL;
	auto_free char *token = NULL;
	json_auto_t *reply = NULL;
	enum km_error error = km_remote_url(call->operands[0], url, problem);
	if (!error)
		error = open_key(call, &key, problem);
	if (!error)
		error = km_compose_enrolment(key, url, km_given(call, "code"), km_clock_now(&call->clock), &token, problem);
	km_key_free(key);
	if (!error)
		error = send_it(url, token, &reply, problem);
	if (!error)
		km_say_json(reply);
	return error;
}

const struct km_command km_enrol_command = {
	.noun = "enrol",
	.operands = "URL",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "enrol your key with a registry (for auditors and deciders)",
	.details =
		"URL is the registry's address, CODE comes from its operator. The private key stays in FILE, or in the token.",
	.options = options,
	.run = run,
};
