#include "base/buf.h"
#include "base/cbor.h"
#include "base/clock.h"
#include "base/csv.h"
#include "base/encode.h"
#include "base/json.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void encoding(const char *bytes, size_t len)
{
	if (!len)
		return;
	enum km_encoding kind = (enum km_encoding)((unsigned char)bytes[0] % (KM_HEX + 1));
	auto_buf struct km_buf decoded = KM_BUF_EMPTY;
	if (km_decode(kind, bytes + 1, len - 1, &decoded)) {
		auto_buf struct km_buf again = KM_BUF_EMPTY;
		km_encode(kind, decoded.data, decoded.len, &again);
		FUZZ_PROMISE(again.len == len - 1 && memcmp(again.data ? again.data : "", bytes + 1, len - 1) == 0);
	}
	size_t characters = 0, at = 0, counted = 0;
	bool valid = km_utf8_valid(bytes, len, &characters);
	while (at < len) {
		uint32_t code_point;
		size_t next = km_utf8_next(bytes + at, len - at, &code_point);
		if (!next || !code_point)
			break;
		at += next;
		counted++;
	}
	FUZZ_PROMISE(valid == (at == len));
	FUZZ_PROMISE(!valid || characters == counted);
}

static void escape(const char *bytes, size_t len)
{
	auto_free char *text = fuzz_text(bytes, len);
	auto_buf struct km_buf escaped = KM_BUF_EMPTY;
	km_buf_add_escaped(&escaped, text);
	FUZZ_PROMISE(!escaped.data || !strpbrk(escaped.data, "<>\"'"));
	FUZZ_PROMISE(km_utf8_valid(escaped.data ? escaped.data : "", escaped.len, NULL));
}

static void json(const char *bytes, size_t len)
{
	struct km_problem problem;
	json_auto_t *object = NULL, *again = NULL;
	if (km_json_parse(bytes, len, "the input", &object, &problem))
		return;
	auto_free char *text = km_json_text(object);
	FUZZ_PROMISE(text && km_json_parse(text, strlen(text), "its text", &again, &problem) == KM_OK);
	FUZZ_PROMISE(json_equal(object, again));
}

static void csv(const char *bytes, size_t len)
{
	struct km_problem problem;
	struct km_csv *csv = NULL;
	if (km_csv_open(bytes, len, &csv, &problem))
		return;
	for (int64_t line = 0;;) {
		struct km_csv_row row = {.len = 0};
		enum km_error error = km_csv_next(csv, &row, &problem);
		FUZZ_PROMISE(error || row.len <= KM_CSV_FIELDS_MAX);
		for (size_t i = 0; !error && i < row.len; i++)
			FUZZ_PROMISE(km_utf8_valid(row.fields[i], strlen(row.fields[i]), NULL) ||
			             km_csv_encoding(csv) == KM_CSV_UTF_8);
		FUZZ_PROMISE(km_csv_percent(csv) <= 100);
		if (!error && !row.len)
			break;
		FUZZ_PROMISE(km_csv_line(csv) > line);
		line = km_csv_line(csv);
	}
	km_csv_free(csv);
}

/* Takes one item of the kind that the caller wants; what could be read is added again. */
static bool take_item(struct km_cbor *cbor, unsigned kind, struct km_buf *again)
{
	int64_t number;
	const uint8_t *bytes;
	const char *text;
	size_t len, before = (size_t)(cbor->end - cbor->at);
	switch (kind % 6) {
	case 0:
		if (!km_cbor_integer(cbor, &number))
			return false;
		km_cbor_add_integer(again, number);
		return true;
	case 1:
		if (!km_cbor_bytes(cbor, &bytes, &len))
			return false;
		FUZZ_PROMISE(len < before);
		km_cbor_add_bytes(again, bytes, len);
		return true;
	case 2: {
		if (!km_cbor_text(cbor, &text, &len))
			return false;
		auto_free char *copy = fuzz_text(text, len);
		km_cbor_add_text(again, copy);
		return true;
	}
	case 3:
		km_cbor_add_array(again, kind);
		return km_cbor_is_array(cbor, kind);
	case 4:
		km_cbor_add_map(again, kind);
		return km_cbor_is_map(cbor, kind);
	default:
		km_cbor_add_tag(again, kind);
		return km_cbor_is_tag(cbor, kind);
	}
}

/* The first byte says how many follow that say which items to expect. */
static void cbor(const char *bytes, size_t len)
{
	size_t kinds = len ? (unsigned char)bytes[0] : 0;
	if (1 + kinds >= len)
		return;
	const char *items = bytes + 1 + kinds;
	struct km_cbor at = km_cbor_read(items, len - 1 - kinds);
	auto_buf struct km_buf again = KM_BUF_EMPTY;
	for (size_t i = 0; i < kinds; i++)
		if (!take_item(&at, (unsigned char)bytes[1 + i], &again))
			return;
	size_t took = (size_t)((const char *)at.at - items);
	FUZZ_PROMISE(took == again.len && (!took || memcmp(items, again.data, took) == 0));
	FUZZ_PROMISE(km_cbor_is_end(&at) == (took == len - 1 - kinds));
}

static void moment(const char *bytes, size_t len)
{
	auto_free char *text = fuzz_text(bytes, len);
	int64_t at;
	char again[KM_TIME_TEXT], day[KM_DATE_TEXT];
	if (km_time_parse(text, &at)) {
		km_time_format(at, again);
		FUZZ_PROMISE(strcmp(text, again) == 0);
	}
	if (km_date_parse(text, &at)) {
		km_date_format(at, day);
		FUZZ_PROMISE(strcmp(text, day) == 0);
		FUZZ_PROMISE(km_time_end_of_day(at) > at);
	}
}

const struct fuzz_target fuzz_base[] = {
	{"encoding", encoding}, {"escape", escape}, {"json", json}, {"csv", csv}, {"cbor", cbor}, {"moment", moment}, {0},
};
