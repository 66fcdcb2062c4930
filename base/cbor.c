#include "base/cbor.h"

#include "base/encode.h"

#include <string.h>

enum major { UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG };

/* The low five bits of a first byte: the number itself below 24, else in how many bytes it follows. */
enum { ONE_BYTE = 24, EIGHT_BYTES = 27 };

static void add_head(struct km_buf *buf, enum major major, uint64_t number)
{
	int log = number > UINT32_MAX ? 3 : number > UINT16_MAX ? 2 : number > UINT8_MAX ? 1 : 0;
	if (number < ONE_BYTE) {
		km_buf_add_char(buf, (char)(major << 5 | (int)number));
		return;
	}
	km_buf_add_char(buf, (char)(major << 5 | (ONE_BYTE + log)));
	for (int shift = 8 * (1 << log) - 8; shift >= 0; shift -= 8)
		km_buf_add_char(buf, (char)(number >> shift & 0xff));
}

void km_cbor_add_integer(struct km_buf *buf, int64_t number)
{
	if (number < 0)
		add_head(buf, NEGATIVE, ~(uint64_t)number);
	else
		add_head(buf, UNSIGNED, (uint64_t)number);
}

void km_cbor_add_bytes(struct km_buf *buf, const void *bytes, size_t len)
{
	add_head(buf, BYTES, len);
	km_buf_add(buf, bytes, len);
}

void km_cbor_add_text(struct km_buf *buf, const char *text)
{
	add_head(buf, TEXT, strlen(text));
	km_buf_add_text(buf, text);
}

void km_cbor_add_array(struct km_buf *buf, size_t len)
{
	add_head(buf, ARRAY, len);
}

void km_cbor_add_map(struct km_buf *buf, size_t len)
{
	add_head(buf, MAP, len);
}

void km_cbor_add_tag(struct km_buf *buf, uint64_t tag)
{
	add_head(buf, TAG, tag);
}

struct km_cbor km_cbor_read(const void *bytes, size_t len)
{
	const uint8_t *at = len ? bytes : (const void *)"";
	return (struct km_cbor){at, at + len};
}

/* Takes the head of an item of this kind; false, and nothing taken, where the next is another or not in its shortest
 * form. */
static bool read_head(struct km_cbor *cbor, enum major major, uint64_t *ret_number)
{
	if (cbor->at == cbor->end || *cbor->at >> 5 != (int)major)
		return false;
	unsigned low = *cbor->at & 0x1f;
	if (low < ONE_BYTE) {
		cbor->at++;
		*ret_number = low;
		return true;
	}
	if (low > EIGHT_BYTES)
		return false;
	unsigned log = low - ONE_BYTE, size = 1u << log;
	if ((size_t)(cbor->end - cbor->at) <= size)
		return false;
	uint64_t number = 0;
	for (unsigned i = 1; i <= size; i++)
		number = number << 8 | cbor->at[i];
	if (log == 0 ? number < ONE_BYTE : number >> (4 * size) == 0)
		return false;
	cbor->at += 1 + size;
	*ret_number = number;
	return true;
}

bool km_cbor_integer(struct km_cbor *cbor, int64_t *ret_number)
{
	struct km_cbor rest = *cbor;
	uint64_t number;
	bool negative = false;
	if (!read_head(&rest, UNSIGNED, &number)) {
		negative = true;
		if (!read_head(&rest, NEGATIVE, &number))
			return false;
	}
	if (number > INT64_MAX)
		return false;
	*cbor = rest;
	*ret_number = negative ? -1 - (int64_t)number : (int64_t)number;
	return true;
}

static bool read_string(struct km_cbor *cbor, enum major major, const uint8_t **ret_bytes, size_t *ret_len)
{
	struct km_cbor rest = *cbor;
	uint64_t len;
	if (!read_head(&rest, major, &len) || len > (uint64_t)(rest.end - rest.at))
		return false;
	*ret_bytes = rest.at;
	*ret_len = (size_t)len;
	cbor->at = rest.at + len;
	return true;
}

bool km_cbor_bytes(struct km_cbor *cbor, const uint8_t **ret_bytes, size_t *ret_len)
{
	return read_string(cbor, BYTES, ret_bytes, ret_len);
}

bool km_cbor_text(struct km_cbor *cbor, const char **ret_text, size_t *ret_len)
{
	struct km_cbor rest = *cbor;
	const uint8_t *bytes;
	size_t len;
	if (!read_string(&rest, TEXT, &bytes, &len) || !km_utf8_valid((const char *)bytes, len, NULL))
		return false;
	*cbor = rest;
	*ret_text = (const char *)bytes;
	*ret_len = len;
	return true;
}

static bool is_head(struct km_cbor *cbor, enum major major, uint64_t number)
{
	struct km_cbor rest = *cbor;
	uint64_t found;
	if (!read_head(&rest, major, &found) || found != number)
		return false;
	*cbor = rest;
	return true;
}

bool km_cbor_is_integer(struct km_cbor *cbor, int64_t number)
{
	return number < 0 ? is_head(cbor, NEGATIVE, ~(uint64_t)number) : is_head(cbor, UNSIGNED, (uint64_t)number);
}

bool km_cbor_is_array(struct km_cbor *cbor, size_t len)
{
	return is_head(cbor, ARRAY, len);
}

bool km_cbor_is_map(struct km_cbor *cbor, size_t len)
{
	return is_head(cbor, MAP, len);
}

bool km_cbor_is_tag(struct km_cbor *cbor, uint64_t tag)
{
	return is_head(cbor, TAG, tag);
}

bool km_cbor_is_end(const struct km_cbor *cbor)
{
	return cbor->at == cbor->end;
}
