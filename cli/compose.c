#include "cli/compose.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/json.h"
#include "keys/jwk.h"
#include "keys/jws.h"
#include "keys/random.h"

#include <string.h>

enum km_error km_jti_make(char ret_jti[static KM_JTI_TEXT], struct km_problem *problem)
{
	return km_random_text(KM_HEX, (KM_JTI_TEXT - 1) / 2, ret_jti, problem);
}

static enum km_error sign(const struct km_key *key, const char *typ, const char *thumbprint, const json_t *claims,
                          char **ret_token, struct km_problem *problem)
{
	json_auto_t *header = json_pack("{s:s, s:s}", "typ", typ, "kid", thumbprint);
	auto_free char *payload = claims ? km_json_text(claims) : NULL;
	if (!header || !payload)
		return km_fail_memory(problem);
	return km_jws_sign(key, header, payload, strlen(payload), ret_token, problem);
}

static enum km_error check_content(const json_t *content, const char **ret_type, struct km_problem *problem)
{
	static const char *const filled_in[] = {"iss", "aud", "iat", "jti"};
	for (size_t i = 0; i < sizeof filled_in / sizeof *filled_in; i++)
		if (json_object_get(content, filled_in[i]))
			return km_fail(problem, KM_INVALID, "member", "“%s” is filled in when it is signed: leave it out",
			               filled_in[i]);
	const char *type = NULL;
	const json_t *inner = NULL;
	enum km_error error = km_json_string(content, "", "type", 40, &type, problem);
	if (!error)
		error = km_json_object(content, "", type, &inner, problem);
	const char *const known[] = {"type", type, NULL};
	if (!error)
		error = km_json_only(content, "", known, problem);
	if (!error)
		*ret_type = type;
	return error;
}

enum km_error km_compose_submission(const struct km_key *key, const char *url, const json_t *content, const char *jti,
                                    int64_t now, char **ret_token, struct km_problem *problem)
{
	const char *type = NULL;
	enum km_error error = check_content(content, &type, problem);
	if (error)
		return error;
	uint8_t public_key[KM_PUBLIC_BYTES];
	char thumbprint[KM_THUMBPRINT_TEXT];
	km_key_public(key, public_key);
	km_jwk_thumbprint(public_key, thumbprint);
	json_auto_t *claims = json_pack("{s:s, s:s, s:I, s:s, s:s, s:O}", "iss", thumbprint, "aud", url, "iat",
	                                (json_int_t)now, "jti", jti, "type", type, type, json_object_get(content, type));
	return sign(key, "keurmerk-submission+jwt", thumbprint, claims, ret_token, problem);
}

enum km_error km_compose_enrolment(const struct km_key *key, const char *url, const char *code, int64_t now,
                                   char **ret_token, struct km_problem *problem)
{
	uint8_t public_key[KM_PUBLIC_BYTES];
	char thumbprint[KM_THUMBPRINT_TEXT];
	km_key_public(key, public_key);
	km_jwk_thumbprint(public_key, thumbprint);
	json_auto_t *claims = json_pack("{s:s, s:I, s:s, s:o}", "aud", url, "iat", (json_int_t)now, "code", code, "jwk",
	                                km_jwk_format(public_key));
	return sign(key, "keurmerk-enrolment+jwt", thumbprint, claims, ret_token, problem);
}
