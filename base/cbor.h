/*
 * CBOR (RFC 8949) in its deterministic encoding (section 4.2.1), as far as tokens need it: integers, byte strings,
 * text, arrays, maps and tags of known length. What is not written in that one way is not read.
 */
#ifndef KM_BASE_CBOR_H
#define KM_BASE_CBOR_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Adds an integer, which may be negative; a string; or the head of an array or map of `len` elements or pairs, or of a
 * tag. The caller adds what belongs to it, and a map's keys in the order of their bytes. */
void km_cbor_add_integer(struct km_buf *buf, int64_t number);
void km_cbor_add_bytes(struct km_buf *buf, const void *bytes, size_t len);
void km_cbor_add_text(struct km_buf *buf, const char *text);
void km_cbor_add_array(struct km_buf *buf, size_t len);
void km_cbor_add_map(struct km_buf *buf, size_t len);
void km_cbor_add_tag(struct km_buf *buf, uint64_t tag);

/* What is left to read of the caller's bytes. */
struct km_cbor {
	const uint8_t *at, *end;
};

struct km_cbor km_cbor_read(const void *bytes, size_t len);

/* Each takes the next item, which must be of this kind and in its shortest form; false where it is not, or is cut
 * short. Strings are borrowed; text is UTF-8 without NUL, and not closed by one. */
bool km_cbor_integer(struct km_cbor *cbor, int64_t *ret_number);
bool km_cbor_bytes(struct km_cbor *cbor, const uint8_t **ret_bytes, size_t *ret_len);
bool km_cbor_text(struct km_cbor *cbor, const char **ret_text, size_t *ret_len);

/* The next item is this very integer; the head of an array or map of this very length; this very tag. */
bool km_cbor_is_integer(struct km_cbor *cbor, int64_t number);
bool km_cbor_is_array(struct km_cbor *cbor, size_t len);
bool km_cbor_is_map(struct km_cbor *cbor, size_t len);
bool km_cbor_is_tag(struct km_cbor *cbor, uint64_t tag);

/* Nothing is left. */
bool km_cbor_is_end(const struct km_cbor *cbor);

#endif
