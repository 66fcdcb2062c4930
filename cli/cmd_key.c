#include "cli/command.h"
#include "cli/home.h"
#include "cli/say.h"
#include "keys/signer.h"

static const struct km_option options[] = {
	KM_OPTION_JSON,
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static void print_key(const struct km_keyset_entry *entry, int64_t now)
{
	char from[KM_DAY_TEXT], until[KM_DAY_TEXT];
	const char *state = entry->revoked_at                            ? "revoked"
	                    : now < entry->not_before                    ? "next"
	                    : entry->not_after && now > entry->not_after ? "retired"
	                                                                 : "current";
	km_say(stdout, "%s  %-10s  %-7s  from %s%s%s", entry->thumbprint, km_purpose_name(entry->purpose), state,
	       km_day(entry->not_before, from), entry->not_after ? " to " : "",
	       entry->not_after ? km_day(entry->not_after, until) : "");
}

static enum km_error run(struct km_call *call, struct km_problem *problem)
{
	auto_home struct km_home home = {0};
	struct km_keyset set;
	enum km_error error = km_home_find(call, &home, problem);
	if (!error)
		error = km_signer_keyset(home.keys, &set, problem);
	if (error)
		return error;
	if (km_given(call, "json")) {
		json_auto_t *jwks = km_keyset_jwks(&set);
		km_say_json(jwks);
		return KM_OK;
	}
	for (size_t i = 0; i < set.len; i++)
		print_key(&set.entries[i], km_clock_now(&call->clock));
	return KM_OK;
}

const struct km_command km_key_list_command = {
	.noun = "key",
	.verb = "list",
	.operands = "",
	.summary = "list the registry's public keys",
	.details = "With --json this is the key set (JWKS) that `keurmerk verify --keyset` takes.",
	.options = options,
	.run = run,
};
