#include "keys/cwt.h"

#include "base/buf.h"
#include "base/cbor.h"
#include "base/encode.h"
#include "keys/jwk.h"

#include <stdlib.h>
#include <string.h>

enum { TAG_SIGN1 = 18, HEADER_ALG = 1, HEADER_KID = 4, ALG_EDDSA = -8 };

/* In the order in which a deterministic map has them: that of the bytes of the keys. */
static const struct claim {
	int64_t label;
	const char *name;
	bool is_text; /* else a number, not negative */
} known[] = {
	{1, "iss", true},       {2, "sub", true},      {4, "exp", false},        {6, "iat", false},
	{-65537, "name", true}, {-65538, "kvk", true}, {-65539, "scheme", true}, {-65540, "index", false},
};
enum { CLAIMS = sizeof known / sizeof *known };

static void kid_of(const char *thumbprint, uint8_t ret_kid[static KM_CWT_KID_BYTES])
{
	uint8_t digest[32] = {0};
	km_decode_exact(KM_BASE64URL, thumbprint, strlen(thumbprint), digest, sizeof digest);
	memcpy(ret_kid, digest, KM_CWT_KID_BYTES);
}

static void add_protected(const uint8_t kid[static KM_CWT_KID_BYTES], struct km_buf *header)
{
	km_cbor_add_map(header, 2);
	km_cbor_add_integer(header, HEADER_ALG);
	km_cbor_add_integer(header, ALG_EDDSA);
	km_cbor_add_integer(header, HEADER_KID);
	km_cbor_add_bytes(header, kid, KM_CWT_KID_BYTES);
}

/* Sig_structure of RFC 9052 section 4.4. */
static void add_signed(const void *header, size_t header_len, const void *claims, size_t claims_len, struct km_buf *buf)
{
	km_cbor_add_array(buf, 4);
	km_cbor_add_text(buf, "Signature1");
	km_cbor_add_bytes(buf, header, header_len);
	km_cbor_add_bytes(buf, "", 0); /* no data beside it */
	km_cbor_add_bytes(buf, claims, claims_len);
}

static enum km_error add_claims(const json_t *claims, struct km_buf *buf, struct km_problem *problem)
{
	km_cbor_add_map(buf, CLAIMS);
	for (size_t i = 0; i < CLAIMS; i++) {
		const json_t *value = json_object_get(claims, known[i].name);
		size_t len = json_string_length(value);
		bool good = known[i].is_text ? len > 0 && len <= KM_CWT_TEXT_MAX
		                             : json_is_integer(value) && json_integer_value(value) >= 0;
		if (!good)
			return km_fail(problem, KM_INVALID, "form", "this cannot be put in a QR code: %s must be %s", known[i].name,
			               known[i].is_text ? "a text of at most 255 bytes" : "a number, from 0");
		km_cbor_add_integer(buf, known[i].label);
		if (known[i].is_text)
			km_cbor_add_text(buf, json_string_value(value));
		else
			km_cbor_add_integer(buf, json_integer_value(value));
	}
	return json_object_size(claims) == CLAIMS
	           ? KM_OK
	           : km_fail(problem, KM_INVALID, "form",
	                     "this cannot be put in a QR code: it has more claims than are known");
}

enum km_error km_cwt_sign(const struct km_key *key, const json_t *claims, char **ret_token, struct km_problem *problem)
{
	uint8_t public_key[KM_PUBLIC_BYTES], kid[KM_CWT_KID_BYTES], signature[KM_SIGNATURE_BYTES];
	char thumbprint[KM_THUMBPRINT_TEXT];
	km_key_public(key, public_key);
	km_jwk_thumbprint(public_key, thumbprint);
	kid_of(thumbprint, kid);
	auto_buf struct km_buf header = KM_BUF_EMPTY, body = KM_BUF_EMPTY, to_sign = KM_BUF_EMPTY, cose = KM_BUF_EMPTY,
						   token = KM_BUF_EMPTY;
	enum km_error error = add_claims(claims, &body, problem);
	if (error)
		return error;
	add_protected(kid, &header);
	if (header.failed || body.failed)
		return km_fail_memory(problem);
	add_signed(header.data, header.len, body.data, body.len, &to_sign);
	error = to_sign.failed ? km_fail_memory(problem) : km_key_sign(key, to_sign.data, to_sign.len, signature, problem);
	if (error)
		return error;
	km_cbor_add_tag(&cose, TAG_SIGN1);
	km_cbor_add_array(&cose, 4);
	km_cbor_add_bytes(&cose, header.data, header.len);
	km_cbor_add_map(&cose, 0);
	km_cbor_add_bytes(&cose, body.data, body.len);
	km_cbor_add_bytes(&cose, signature, sizeof signature);
	if (cose.failed)
		return km_fail_memory(problem);
	km_encode(KM_BASE32, cose.data, cose.len, &token);
	if (token.len > KM_CWT_TOKEN_MAX)
		return km_fail(problem, KM_INVALID, "form", "this cannot be put in a QR code: its texts are too long together");
	char *text = km_buf_take(&token, NULL);
	if (!text)
		return km_fail_memory(problem);
	*ret_token = text;
	return KM_OK;
}

static enum km_error malformed(struct km_problem *problem, const char *why)
{
	return km_fail(problem, KM_MALFORMED, "cwt", "this is not a signed QR code's token: %s", why);
}

static bool read_protected(const uint8_t *bytes, size_t len, uint8_t ret_kid[static KM_CWT_KID_BYTES])
{
	struct km_cbor cbor = km_cbor_read(bytes, len);
	const uint8_t *kid;
	size_t kid_len;
	if (!km_cbor_is_map(&cbor, 2) || !km_cbor_is_integer(&cbor, HEADER_ALG) || !km_cbor_is_integer(&cbor, ALG_EDDSA) ||
	    !km_cbor_is_integer(&cbor, HEADER_KID) || !km_cbor_bytes(&cbor, &kid, &kid_len) ||
	    kid_len != KM_CWT_KID_BYTES || !km_cbor_is_end(&cbor))
		return false;
	memcpy(ret_kid, kid, KM_CWT_KID_BYTES);
	return true;
}

/* The next claim's value; NULL where it is of another kind or out of bounds, or memory ran out. */
static json_t *read_value(struct km_cbor *cbor, const struct claim *claim)
{
	const char *text;
	size_t len;
	int64_t number;
	if (!claim->is_text)
		return km_cbor_integer(cbor, &number) && number >= 0 ? json_integer(number) : NULL;
	return km_cbor_text(cbor, &text, &len) && len > 0 && len <= KM_CWT_TEXT_MAX ? json_stringn(text, len) : NULL;
}

static json_t *read_claims(const uint8_t *bytes, size_t len)
{
	struct km_cbor cbor = km_cbor_read(bytes, len);
	json_auto_t *claims = json_object();
	if (!km_cbor_is_map(&cbor, CLAIMS))
		return NULL;
	for (size_t i = 0; i < CLAIMS; i++)
		if (!km_cbor_is_integer(&cbor, known[i].label) ||
		    json_object_set_new(claims, known[i].name, read_value(&cbor, &known[i])) != 0)
			return NULL;
	return km_cbor_is_end(&cbor) ? json_incref(claims) : NULL;
}

static enum km_error read_cose(const struct km_buf *bytes, struct km_cwt *cwt, struct km_problem *problem)
{
	struct km_cbor cbor = km_cbor_read(bytes->data, bytes->len);
	const uint8_t *header, *claims, *signature;
	size_t header_len, claims_len, signature_len;
	if (!km_cbor_is_tag(&cbor, TAG_SIGN1) || !km_cbor_is_array(&cbor, 4) ||
	    !km_cbor_bytes(&cbor, &header, &header_len) || !km_cbor_is_map(&cbor, 0) ||
	    !km_cbor_bytes(&cbor, &claims, &claims_len) || !km_cbor_bytes(&cbor, &signature, &signature_len) ||
	    signature_len != KM_SIGNATURE_BYTES || !km_cbor_is_end(&cbor))
		return malformed(problem, "it is no COSE_Sign1");
	if (!read_protected(header, header_len, cwt->kid))
		return malformed(problem, "its header must say EdDSA, name a key, and say no more");
	cwt->claims = read_claims(claims, claims_len);
	if (!cwt->claims)
		return malformed(problem, "its claims are not those of a mark");
	memcpy(cwt->signature, signature, KM_SIGNATURE_BYTES);
	auto_buf struct km_buf to_sign = KM_BUF_EMPTY;
	add_signed(header, header_len, claims, claims_len, &to_sign);
	cwt->signed_bytes = km_buf_take(&to_sign, &cwt->signed_len);
	return cwt->signed_bytes ? KM_OK : km_fail_memory(problem);
}

enum km_error km_cwt_parse(const char *token, size_t len, struct km_cwt *ret_cwt, struct km_problem *problem)
{
	if (len > KM_CWT_TOKEN_MAX)
		return km_fail(problem, KM_TOO_LARGE, "cwt", "this token has %zu symbols; at most %d are taken", len,
		               KM_CWT_TOKEN_MAX);
	auto_cwt struct km_cwt cwt = {0};
	auto_buf struct km_buf bytes = KM_BUF_EMPTY;
	if (!km_decode(KM_BASE32, token, len, &bytes))
		return bytes.failed ? km_fail_memory(problem) : malformed(problem, "it is not base32");
	enum km_error error = read_cose(&bytes, &cwt, problem);
	if (error)
		return error;
	*ret_cwt = cwt;
	cwt = (struct km_cwt){0};
	return KM_OK;
}

bool km_cwt_names(const struct km_cwt *cwt, const char *thumbprint)
{
	uint8_t kid[KM_CWT_KID_BYTES];
	kid_of(thumbprint, kid);
	return memcmp(kid, cwt->kid, sizeof kid) == 0;
}

bool km_cwt_verify(const struct km_cwt *cwt, const uint8_t public_key[static KM_PUBLIC_BYTES])
{
	return km_signature_valid(public_key, cwt->signed_bytes, cwt->signed_len, cwt->signature);
}

void km_cwt_done(struct km_cwt *cwt)
{
	json_decref(cwt->claims);
	free(cwt->signed_bytes);
	*cwt = (struct km_cwt){0};
}
