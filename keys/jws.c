#include "keys/jws.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/json.h"

#include <string.h>

enum { KID_MAX = 512, TYP_MAX = 128 }; /* characters */

static enum km_error malformed(struct km_problem *problem, const char *why)
{
	return km_fail(problem, KM_MALFORMED, "jws", "this is not a signed token (compact JWS) that can be taken: %s", why);
}

struct parts { /* of header.payload.signature; borrowed */
	const char *header, *payload, *signature;
	size_t header_len, payload_len, signature_len;
};

static bool split(const char *token, size_t len, struct parts *ret_parts)
{
	const char *end = token + len;
	const char *first = memchr(token, '.', len);
	const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;
	if (!second || memchr(second + 1, '.', (size_t)(end - second - 1)))
		return false;
	*ret_parts = (struct parts){
		.header = token,
		.header_len = (size_t)(first - token),
		.payload = first + 1,
		.payload_len = (size_t)(second - first - 1),
		.signature = second + 1,
		.signature_len = (size_t)(end - second - 1),
	};
	return true;
}

static enum km_error read_header(const struct parts *parts, struct km_jws *jws, struct km_problem *problem)
{
	/* Members that would have the token say by which key, or by which rules, to believe it. */
	static const char *const refused[] = {"crit", "b64", "jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256"};
	if (parts->header_len > km_encoded_len(KM_BASE64URL, KM_JWS_HEADER_MAX))
		return km_fail(problem, KM_TOO_LARGE, "jws-too-large", "the header of this token is over %d bytes",
		               KM_JWS_HEADER_MAX);
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	if (!km_decode(KM_BASE64URL, parts->header, parts->header_len, &text))
		return text.failed ? km_fail_memory(problem) : malformed(problem, "its header is not base64url");
	enum km_error error =
		km_json_parse(text.data ? text.data : "", text.len, "the header of the token", &jws->header, problem);
	if (error)
		return error;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if (json_object_get(jws->header, refused[i]))
			return km_fail(problem, KM_MALFORMED, "jws", "the header of this token has a member %s, which is not taken",
			               refused[i]);
	const char *alg = json_string_value(json_object_get(jws->header, "alg"));
	if (!alg || (strcmp(alg, "EdDSA") != 0 && strcmp(alg, "Ed25519") != 0))
		return malformed(problem, "its header must say alg EdDSA");
	error = km_json_string_optional(jws->header, "", "kid", KID_MAX, &jws->kid, problem);
	if (!error)
		error = km_json_string_optional(jws->header, "", "typ", TYP_MAX, &jws->typ, problem);
	if (error)
		km_problem_prefix(problem, "the header of the token");
	return error ? KM_MALFORMED : KM_OK;
}

static enum km_error read_payload(const struct parts *parts, struct km_jws *jws, struct km_problem *problem)
{
	auto_buf struct km_buf payload = KM_BUF_EMPTY;
	if (parts->payload_len == 0)
		return malformed(problem, "it has no payload");
	if (!km_decode(KM_BASE64URL, parts->payload, parts->payload_len, &payload))
		return payload.failed ? km_fail_memory(problem) : malformed(problem, "its payload is not base64url");
	jws->payload = km_buf_take(&payload, &jws->payload_len);
	return jws->payload ? KM_OK : km_fail_memory(problem);
}

enum km_error km_jws_parse(const char *token, size_t len, size_t max_bytes, struct km_jws *ret_jws,
                           struct km_problem *problem)
{
	auto_jws struct km_jws jws = {0};
	struct parts parts;
	if (len > max_bytes)
		return km_fail(problem, KM_TOO_LARGE, "jws-too-large", "this token has %zu bytes; at most %zu are taken", len,
		               max_bytes);
	if (!split(token, len, &parts))
		return malformed(problem, "it must have three parts with a dot between them");
	if (!km_decode_exact(KM_BASE64URL, parts.signature, parts.signature_len, jws.signature, sizeof jws.signature))
		return malformed(problem, "its signature is not 64 bytes in base64url");
	enum km_error error = read_header(&parts, &jws, problem);
	if (!error)
		error = read_payload(&parts, &jws, problem);
	if (error)
		return error;
	jws.signed_len = parts.header_len + 1 + parts.payload_len;
	jws.signed_text = strndup(token, jws.signed_len); /* no NUL in it: all of it was base64url and a dot */
	if (!jws.signed_text)
		return km_fail_memory(problem);
	*ret_jws = jws;
	jws = (struct km_jws){0};
	return KM_OK;
}

bool km_jws_verify(const struct km_jws *jws, const uint8_t public_key[static KM_PUBLIC_BYTES])
{
	return km_signature_valid(public_key, jws->signed_text, jws->signed_len, jws->signature);
}

void km_jws_done(struct km_jws *jws)
{
	json_decref(jws->header);
	free(jws->payload);
	free(jws->signed_text);
	*jws = (struct km_jws){0};
}

enum km_error km_jws_sign(const struct km_key *key, const json_t *header, const char *payload, size_t payload_len,
                          char **ret_token, struct km_problem *problem)
{
	if (payload_len == 0 || json_object_get(header, "alg"))
		return km_fail(problem, KM_BUG, "jws", "a token was to be signed without a payload, or with an alg of its own");
	json_auto_t *whole = json_pack("{s:s}", "alg", "EdDSA");
	/* jansson takes a pointer to what it only reads. */
	if (!whole || json_object_update(whole, (json_t *)header) != 0)
		return km_fail_memory(problem);
	auto_free char *header_text = km_json_text(whole);
	if (!header_text)
		return km_fail_memory(problem);
	auto_buf struct km_buf token = KM_BUF_EMPTY;
	km_encode(KM_BASE64URL, header_text, strlen(header_text), &token);
	km_buf_add_char(&token, '.');
	km_encode(KM_BASE64URL, payload, payload_len, &token);
	if (token.failed)
		return km_fail_memory(problem);
	uint8_t signature[KM_SIGNATURE_BYTES];
	enum km_error error = km_key_sign(key, token.data, token.len, signature, problem);
	if (error)
		return error;
	km_buf_add_char(&token, '.');
	km_encode(KM_BASE64URL, signature, sizeof signature, &token);
	char *text = km_buf_take(&token, NULL);
	if (!text)
		return km_fail_memory(problem);
	*ret_token = text;
	return KM_OK;
}
