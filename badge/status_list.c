#include "badge/status_list.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/json.h"
#include "keys/keyset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
	ENCODED_MAX = 48 * 1024
}; /* characters of a list: 16 KiB of noise, gzipped and in base64url, is under half of it */

const char *km_status_purpose_name(enum km_status_purpose purpose)
{
	static const char *const names[KM_STATUS_PURPOSES] = {"revocation", "suspension"};
	return names[purpose];
}

int64_t km_status_list_number(int64_t status_index)
{
	return status_index / KM_STATUS_LIST_ENTRIES + 1;
}

int64_t km_status_list_place(int64_t status_index)
{
	return status_index % KM_STATUS_LIST_ENTRIES;
}

char *km_status_list_url(const char *url, enum km_status_purpose purpose, int64_t list)
{
	char *text = NULL;
	int len = asprintf(&text, "%s/status/%s/%lld", url, km_status_purpose_name(purpose), (long long)list);
	return len < 0 ? NULL : text;
}

static enum km_error refuse(struct km_problem *problem, const char *member, const char *why)
{
	return km_fail(problem, KM_INVALID, "member", "the status list: %s: %s", member, why);
}

/* Exactly one gzip member of exactly one list's bytes; no more than that is ever unpacked. */
static bool unpack(const struct km_buf *packed, uint8_t ret_bytes[static KM_STATUS_LIST_BYTES])
{
	z_stream stream = {0};
	if (inflateInit2(&stream, 15 + 16) != Z_OK)
		return false;
	stream.next_in = (Bytef *)packed->data;
	stream.avail_in = (uInt)packed->len;
	stream.next_out = ret_bytes;
	stream.avail_out = KM_STATUS_LIST_BYTES;
	int code = inflate(&stream, Z_FINISH);
	bool whole = code == Z_STREAM_END && stream.avail_out == 0 && stream.avail_in == 0;
	inflateEnd(&stream);
	return whole;
}

static enum km_error read_bits(const json_t *subject, struct km_status_list *list, struct km_problem *problem)
{
	const char *encoded = NULL;
	enum km_error error = km_json_string(subject, "credentialSubject", "encodedList", ENCODED_MAX, &encoded, problem);
	if (error)
		return error;
	auto_buf struct km_buf packed = KM_BUF_EMPTY;
	if (encoded[0] != 'u' || !km_decode(KM_BASE64URL, encoded + 1, strlen(encoded + 1), &packed) ||
	    !unpack(&packed, list->bits))
		return refuse(problem, "credentialSubject.encodedList",
		              "a u and the base64url of a GZIPped list of 131072 bits are expected");
	return KM_OK;
}

/* "<url>/status/PURPOSE/LIST" */
static enum km_error read_id(const json_t *payload, const json_t *subject, const char *url, struct km_status_list *list,
                             struct km_problem *problem)
{
	const char *id = json_string_value(json_object_get(payload, "id"));
	const char *subject_id = json_string_value(json_object_get(subject, "id"));
	const char *purpose = json_string_value(json_object_get(subject, "statusPurpose"));
	const char *slash = id ? strrchr(id, '/') : NULL;
	for (int i = 0; slash && subject_id && purpose && i < KM_STATUS_PURPOSES; i++) {
		if (strcmp(purpose, km_status_purpose_name((enum km_status_purpose)i)) != 0)
			continue;
		list->purpose = (enum km_status_purpose)i;
		list->list = strtoll(slash + 1, NULL, 10);
		auto_free char *expected = km_status_list_url(url, list->purpose, list->list);
		size_t len = expected ? strlen(expected) : 0;
		if (len > 0 && list->list > 0 && list->list <= INT32_MAX && strcmp(id, expected) == 0 &&
		    strncmp(subject_id, expected, len) == 0 && strcmp(subject_id + len, "#list") == 0)
			return KM_OK;
	}
	return refuse(problem, "id", "the address of a list of this registry is expected, and its purpose in the subject");
}

static bool has_text(const json_t *value, const char *text)
{
	return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

enum km_error km_status_list_read(const json_t *payload, const char *url, struct km_status_list *ret_list,
                                  struct km_problem *problem)
{
	char did[256];
	enum km_error error = km_did_web(url, did, problem);
	if (error)
		return error;
	struct km_status_list list = {0};
	const json_t *subject = json_object_get(payload, "credentialSubject"), *type = json_object_get(payload, "type");
	if (!has_text(json_object_get(payload, "issuer"), did))
		return refuse(problem, "issuer", "this is not the registry whose word was asked");
	if (json_array_size(type) != 2 || !has_text(json_array_get(type, 0), "VerifiableCredential") ||
	    !has_text(json_array_get(type, 1), "BitstringStatusListCredential") ||
	    !has_text(json_object_get(subject, "type"), "BitstringStatusList"))
		return refuse(problem, "type", "a BitstringStatusListCredential is expected");
	error = read_id(payload, subject, url, &list, problem);
	if (!error)
		error = km_json_moment(payload, "", "validFrom", &list.valid_from, problem);
	if (!error)
		error = km_json_moment(payload, "", "validUntil", &list.valid_until, problem);
	if (!error && list.valid_until < list.valid_from)
		error = refuse(problem, "validUntil", "this is before validFrom");
	if (!error)
		error = read_bits(subject, &list, problem);
	if (!error)
		*ret_list = list;
	return error;
}

enum km_error km_status_list_get(const struct km_status_list *list, int64_t status_index, bool *ret_set,
                                 struct km_problem *problem)
{
	if (status_index < 0 || km_status_list_number(status_index) != list->list)
		return km_fail(problem, KM_INVALID, "status-range", "place %lld is not in status list %lld",
		               (long long)status_index, (long long)list->list);
	int64_t place = km_status_list_place(status_index);
	*ret_set = list->bits[place / 8] & (0x80 >> place % 8);
	return KM_OK;
}
