#include "base/clock.h"
#include "base/digest.h"
#include "cli/command.h"
#include "cli/home.h"
#include "cli/say.h"
#include "registry/provider_link.h"

static const struct km_option options[] = {
	{"body", 0, "SLUG", "certification body that hands it out", KM_REQUIRED},
	{"withdraw", 0, NULL, "instead: have the link work no longer", KM_OPTIONAL},
	KM_OPTION_JSON,
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static void say_link(const struct km_call *call, const char *url, const char *token, int64_t expires_at)
{
	char day[KM_DATE_TEXT];
	km_date_format(expires_at, day);
	if (km_given(call, "json")) {
		json_auto_t *reply = json_pack("{s:s++, s:s}", "link", url, "/p/", token, "expires", day);
		km_say_json(reply);
		return;
	}
	km_say(stdout, "This link works until %s, and is kept nowhere:", day);
	km_say(stdout, "    %s/p/%s", url, token);
	km_say(stdout, "Give it to the provider only: it shows what is due. One that was made before works no longer.");
}

static enum km_error run(struct km_call *call, struct km_problem *problem)
{
	char token[KM_LINK_TOKEN_TEXT] = "";
	int64_t expires_at = 0, now = km_clock_now(&call->clock);
	bool withdraw = km_given(call, "withdraw") != NULL;
	const char *body = km_given(call, "body"), *kvk = call->operands[0];
	auto_store struct km_store *store = NULL;
	if (withdraw && km_given(call, "json"))
		return km_wrong_usage(problem, "--withdraw goes without --json: there is nothing to print");
	enum km_error error = km_home_store(call, KM_STORE_WRITE, &store, problem);
	if (!error)
		error = km_store_begin(store, problem);
	if (!error)
		error = withdraw ? km_provider_link_withdraw(store, body, kvk, now, problem)
		                 : km_provider_link_make(store, body, kvk, now, token, &expires_at, problem);
	if (!error)
		error = km_store_commit(store, problem);
	if (!error && withdraw)
		km_say(stdout, "Withdrawn. Nothing is seen by that link from now on.");
	else if (!error)
		say_link(call, km_store_url(store), token, expires_at);
	km_wipe(token, sizeof token);
	return error;
}

const struct km_command km_provider_link_command = {
	.noun = "provider",
	.verb = "link",
	.operands = "KVK",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "make a link by which a provider sees its marks and what is due",
	.details = "Whoever has the link needs no account. People of the body make it in the console, and sign for it.",
	.options = options,
	.run = run,
};
