#include "keys/jwk.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/json.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_32 = 44 }; /* 32 bytes in base64url, with a NUL */

static void encode_32(const uint8_t bytes[static 32], char ret_text[static TEXT_32])
{
	/* Larger than what goes in: this buffer does not grow, and so neither fails nor is freed. */
	char room[64];
	struct km_buf text = {.data = room, .capacity = sizeof room};
	km_encode(KM_BASE64URL, bytes, 32, &text);
	memcpy(ret_text, text.data, TEXT_32);
}

void km_jwk_thumbprint(const uint8_t public_key[static KM_PUBLIC_BYTES], char ret_text[static KM_THUMBPRINT_TEXT])
{
	char x[TEXT_32], json[128];
	uint8_t digest[KM_SHA256_BYTES];
	encode_32(public_key, x);
	int len = snprintf(json, sizeof json, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"}", x);
	km_sha256(json, (size_t)len, digest);
	encode_32(digest, ret_text);
}

json_t *km_jwk_format(const uint8_t public_key[static KM_PUBLIC_BYTES])
{
	char x[TEXT_32], thumbprint[KM_THUMBPRINT_TEXT];
	encode_32(public_key, x);
	km_jwk_thumbprint(public_key, thumbprint);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "kty", "OKP", "crv", "Ed25519", "x", x, "kid", thumbprint, "alg",
	                 "EdDSA", "use", "sig");
}

static bool is_text(const json_t *value, const char *text)
{
	return json_is_string(value) && json_string_length(value) == strlen(text) &&
	       strcmp(json_string_value(value), text) == 0;
}

static enum km_error refuse(struct km_problem *problem, const char *why)
{
	return km_fail(problem, KM_INVALID, "jwk", "this JSON Web Key cannot be used: %s", why);
}

enum km_error km_jwk_parse(const json_t *jwk, uint8_t ret_public[static KM_PUBLIC_BYTES], struct km_problem *problem)
{
	if (!json_is_object(jwk))
		return refuse(problem, "it is not an object");
	if (json_object_get(jwk, "d"))
		return refuse(problem, "it holds the private key (d). Never send that: make a new key and throw this one away");
	if (!is_text(json_object_get(jwk, "kty"), "OKP") || !is_text(json_object_get(jwk, "crv"), "Ed25519"))
		return refuse(problem, "kty must be OKP and crv must be Ed25519");
	const json_t *x = json_object_get(jwk, "x");
	uint8_t public_key[KM_PUBLIC_BYTES];
	if (!json_is_string(x) ||
	    !km_decode_exact(KM_BASE64URL, json_string_value(x), json_string_length(x), public_key, sizeof public_key))
		return refuse(problem, "x must be 32 bytes in base64url (43 characters)");
	if (!km_public_key_sound(public_key))
		return refuse(problem, "x is a weak point, not the public half of a key");
	const json_t *alg = json_object_get(jwk, "alg"), *use = json_object_get(jwk, "use");
	if (alg && !is_text(alg, "EdDSA") && !is_text(alg, "Ed25519"))
		return refuse(problem, "alg must be EdDSA or Ed25519");
	if (use && !is_text(use, "sig"))
		return refuse(problem, "use must be sig");
	char thumbprint[KM_THUMBPRINT_TEXT];
	km_jwk_thumbprint(public_key, thumbprint);
	const json_t *kid = json_object_get(jwk, "kid");
	if (kid && !is_text(kid, thumbprint))
		return refuse(problem, "kid must be its RFC 7638 thumbprint");
	memcpy(ret_public, public_key, sizeof public_key);
	return KM_OK;
}
