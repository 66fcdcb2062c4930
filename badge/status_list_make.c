#include "badge/status_list.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/json.h"
#include "keys/keyset.h"
#include "registry/status_bits.h"

#include <string.h>
#include <zlib.h>

#define VC_CONTEXT "https://www.w3.org/ns/credentials/v2"

struct bits {
	uint8_t bytes[KM_STATUS_LIST_BYTES];
	enum km_state state; /* of the marks whose bit is set */
	int64_t first;       /* index of the list's first bit */
};

static enum km_error set_bit(void *context, int64_t status_index, enum km_state state)
{
	struct bits *bits = context;
	if (state == bits->state) {
		int64_t place = status_index - bits->first;
		/* The standard counts from the left: place 0 is the highest bit of the first byte. */
		bits->bytes[place / 8] |= (uint8_t)(0x80 >> place % 8);
	}
	return KM_OK;
}

/* "u" and base64url of the GZIPped bits; the same bits always give the same text. */
static enum km_error encode_bits(const uint8_t bytes[static KM_STATUS_LIST_BYTES], char **ret_text,
                                 struct km_problem *problem)
{
	z_stream stream = {0};
	/* 16: a gzip wrapper. Its header says nothing of when and where it was made. */
	if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return km_fail_memory(problem);
	gz_header header = {.os = 255};
	uint8_t packed[KM_STATUS_LIST_BYTES + 1024];
	stream.next_in = (Bytef *)bytes; /* read only */
	stream.avail_in = KM_STATUS_LIST_BYTES;
	stream.next_out = packed;
	stream.avail_out = sizeof packed;
	bool packed_all = deflateSetHeader(&stream, &header) == Z_OK && deflate(&stream, Z_FINISH) == Z_STREAM_END;
	size_t len = stream.total_out;
	deflateEnd(&stream);
	if (!packed_all)
		return km_fail(problem, KM_BUG, "gzip", "a status list grew by more than it can");
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	km_buf_add_char(&text, 'u');
	km_encode(KM_BASE64URL, packed, len, &text);
	*ret_text = km_buf_take(&text, NULL);
	return *ret_text ? KM_OK : km_fail_memory(problem);
}

/* In one state of the register: which bits are set, and until when that is so as far as is known now. */
static enum km_error collect(struct km_store *store, int64_t list, int64_t now, struct bits *bits,
                             int64_t *ret_next_change, struct km_problem *problem)
{
	int64_t count = 0;
	bits->first = (list - 1) * KM_STATUS_LIST_ENTRIES;
	enum km_error error = km_status_bits_count(store, &count, problem);
	if (!error && list != 1 && bits->first >= count)
		error = km_fail(problem, KM_ABSENT, "no-status-list", "there is no status list %lld", (long long)list);
	if (!error)
		error = km_status_bits(store, bits->first, bits->first + KM_STATUS_LIST_ENTRIES, now, set_bit, bits,
		                       ret_next_change, problem);
	return error;
}

enum km_error km_status_list_payload(struct km_store *store, const char *url, enum km_status_purpose purpose,
                                     int64_t list, int64_t now, char **ret_payload, struct km_problem *problem)
{
	if (list < 1 || list > INT32_MAX)
		return km_fail(problem, KM_ABSENT, "no-status-list", "there is no status list %lld", (long long)list);
	char did[256];
	enum km_error error = km_did_web(url, did, problem);
	struct bits bits = {.state = purpose == KM_STATUS_REVOCATION ? KM_WITHDRAWN : KM_SUSPENDED};
	int64_t next_change = INT64_MAX;
	if (!error)
		error = collect(store, list, now, &bits, &next_change, problem);
	auto_free char *encoded = NULL;
	if (!error)
		error = encode_bits(bits.bytes, &encoded, problem);
	if (error)
		return error;
	int64_t valid_until = now + KM_STATUS_LIST_TTL_S;
	if (next_change <= valid_until)
		valid_until = next_change - 1; /* not before now, for it is later than now */
	auto_free char *id = km_status_list_url(url, purpose, list);
	json_auto_t *credential =
		id ? json_pack("{s:[s], s:s, s:[s, s], s:s, s:o, s:o, s:{s:o, s:s, s:s, s:s}}", "@context", VC_CONTEXT, "id",
	                   id, "type", "VerifiableCredential", "BitstringStatusListCredential", "issuer", did, "validFrom",
	                   km_json_moment_new(now), "validUntil", km_json_moment_new(valid_until), "credentialSubject",
	                   "id", json_sprintf("%s#list", id), "type", "BitstringStatusList", "statusPurpose",
	                   km_status_purpose_name(purpose), "encodedList", encoded)
		   : NULL;
	char *text = credential ? km_json_text(credential) : NULL;
	if (!text)
		return km_fail_memory(problem);
	*ret_payload = text;
	return KM_OK;
}
