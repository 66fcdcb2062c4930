#include "cli/own_key.h"

#include "base/buf.h"
#include "cli/passphrase.h"
#include "cli/say.h"
#include "keys/token.h"
#include "keys/token_uri.h"

static enum km_error open_at(const char *place, const char *secret, struct km_key **ret_key, struct km_problem *problem)
{
	return km_token_uri_is(place) ? km_token_open(place, secret, ret_key, problem)
	                              : km_key_load(place, secret, ret_key, problem);
}

enum km_error km_own_key_open(const struct km_call *call, const char *place, struct km_key **ret_key,
                              struct km_problem *problem)
{
	char *secret = NULL;
	enum km_error error = km_passphrase_find(call, &secret, problem);
	if (!error)
		error = open_at(place, secret, ret_key, problem);
	if (error && km_passphrase_ask(problem, place, &secret))
		error = open_at(place, secret, ret_key, problem);
	km_passphrase_free(secret);
	return error;
}

bool km_own_key_wants_new(const char *place)
{
	return km_token_uri_is(place) && !km_token_names_key(place);
}

enum km_error km_own_key_make(const struct km_call *call, const char *place, const char *label, struct km_key **ret_key,
                              struct km_problem *problem)
{
	char *pin = NULL;
	auto_free char *uri = NULL;
	enum km_error error = km_pin_find(call, place, &pin, problem);
	if (!error)
		error = km_token_make(place, pin, label, ret_key, &uri, problem);
	km_passphrase_free(pin);
	if (error)
		return error;
	km_say(stderr, "keurmerk: made a new private key in the token; from now on name it by this URI:");
	km_say(stderr, "%s", uri);
	return KM_OK;
}
