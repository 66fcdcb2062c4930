#include "keys/note.h"

#include "base/buf.h"
#include "base/digest.h"
#include "base/encode.h"

#include <string.h>

enum { KIND_ED25519 = 1, SIGNATURE_LINE_BYTES = KM_NOTE_KEY_ID_BYTES + KM_SIGNATURE_BYTES };

#define DASH "\xe2\x80\x94 " /* U+2014 and a space */

/* White_Space of Unicode beyond ASCII, as Go's unicode.IsSpace has it, so that others read our names as we do. */
static bool is_space(uint32_t code_point)
{
	return code_point <= 0x20 || code_point == 0x7f || code_point == 0x85 || code_point == 0xa0 ||
	       code_point == 0x1680 || (code_point >= 0x2000 && code_point <= 0x200a) || code_point == 0x2028 ||
	       code_point == 0x2029 || code_point == 0x202f || code_point == 0x205f || code_point == 0x3000;
}

static bool name_valid(const char *name, size_t len)
{
	if (len == 0 || len > KM_NOTE_NAME_MAX)
		return false;
	for (size_t at = 0; at < len;) {
		uint32_t code_point;
		size_t size = km_utf8_next(name + at, len - at, &code_point);
		if (size == 0 || is_space(code_point) || code_point == '+')
			return false;
		at += size;
	}
	return true;
}

static void key_id(const char *name, const uint8_t typed_key[static 1 + KM_PUBLIC_BYTES],
                   uint8_t ret_id[static KM_NOTE_KEY_ID_BYTES])
{
	uint8_t head[KM_NOTE_NAME_MAX + 1], digest[KM_SHA256_BYTES];
	size_t len = strlen(name);
	memcpy(head, name, len);
	head[len] = '\n';
	km_sha256_two(head, len + 1, typed_key, 1 + KM_PUBLIC_BYTES, digest);
	memcpy(ret_id, digest, KM_NOTE_KEY_ID_BYTES);
}

enum km_error km_note_verifier_make(const char *name, const uint8_t public_key[static KM_PUBLIC_BYTES],
                                    struct km_note_verifier *ret_verifier, struct km_problem *problem)
{
	if (!name_valid(name, strlen(name)))
		return km_fail(problem, KM_INVALID, "note-name",
		               "the name of a key for notes must be 1 to %d bytes without spaces and plus signs",
		               KM_NOTE_NAME_MAX);
	struct km_note_verifier verifier;
	uint8_t typed_key[1 + KM_PUBLIC_BYTES] = {KIND_ED25519};
	memcpy(typed_key + 1, public_key, KM_PUBLIC_BYTES);
	memcpy(verifier.public_key, public_key, KM_PUBLIC_BYTES);
	memcpy(verifier.name, name, strlen(name) + 1);
	key_id(name, typed_key, verifier.key_id);
	*ret_verifier = verifier;
	return KM_OK;
}

enum km_error km_note_verifier_format(const struct km_note_verifier *verifier, char **ret_text,
                                      struct km_problem *problem)
{
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	uint8_t typed_key[1 + KM_PUBLIC_BYTES] = {KIND_ED25519};
	memcpy(typed_key + 1, verifier->public_key, KM_PUBLIC_BYTES);
	km_buf_add_text(&text, verifier->name);
	km_buf_add_char(&text, '+');
	km_encode(KM_HEX, verifier->key_id, sizeof verifier->key_id, &text);
	km_buf_add_char(&text, '+');
	km_encode(KM_BASE64, typed_key, sizeof typed_key, &text);
	char *whole = km_buf_take(&text, NULL);
	if (!whole)
		return km_fail_memory(problem);
	*ret_text = whole;
	return KM_OK;
}

enum km_error km_note_verifier_parse(const char *text, struct km_note_verifier *ret_verifier,
                                     struct km_problem *problem)
{
	struct km_note_verifier verifier;
	uint8_t typed_key[1 + KM_PUBLIC_BYTES], id[KM_NOTE_KEY_ID_BYTES];
	const char *first = strchr(text, '+');
	const char *second = first ? strchr(first + 1, '+') : NULL;
	if (!second || !name_valid(text, (size_t)(first - text)) ||
	    !km_decode_exact(KM_HEX, first + 1, (size_t)(second - first - 1), verifier.key_id, sizeof verifier.key_id) ||
	    !km_decode_exact(KM_BASE64, second + 1, strlen(second + 1), typed_key, sizeof typed_key) ||
	    typed_key[0] != KIND_ED25519)
		return km_fail(problem, KM_MALFORMED, "verifier-key",
		               "this is not an Ed25519 key for notes: NAME+8 hex digits+base64 is expected");
	memcpy(verifier.name, text, (size_t)(first - text));
	verifier.name[first - text] = '\0';
	memcpy(verifier.public_key, typed_key + 1, KM_PUBLIC_BYTES);
	key_id(verifier.name, typed_key, id);
	if (memcmp(id, verifier.key_id, sizeof id) != 0)
		return km_fail(problem, KM_MALFORMED, "verifier-key",
		               "in this key for notes the digits between the plus signs do not fit the rest: copy it anew");
	*ret_verifier = verifier;
	return KM_OK;
}

static bool text_valid(const char *text, size_t len)
{
	if (len == 0 || text[len - 1] != '\n')
		return false;
	for (size_t at = 0; at < len;) {
		uint32_t code_point;
		size_t size = km_utf8_next(text + at, len - at, &code_point);
		if (size == 0 || (code_point < 0x20 && code_point != '\n'))
			return false;
		at += size;
	}
	return true;
}

enum km_error km_note_sign(const struct km_key *key, const char *name, const char *text, size_t len, char **ret_note,
                           struct km_problem *problem)
{
	struct km_note_verifier verifier;
	uint8_t public_key[KM_PUBLIC_BYTES], signed_by[SIGNATURE_LINE_BYTES];
	km_key_public(key, public_key);
	enum km_error error = km_note_verifier_make(name, public_key, &verifier, problem);
	if (!error && !text_valid(text, len))
		error = km_fail(problem, KM_INVALID, "note-text",
		                "a note must be UTF-8 text without control characters, and end in a newline");
	if (!error && len > KM_NOTE_MAX / 2)
		error =
			km_fail(problem, KM_TOO_LARGE, "note-too-large", "the text of a note is over %d bytes", KM_NOTE_MAX / 2);
	if (!error)
		error = km_key_sign(key, text, len, signed_by + KM_NOTE_KEY_ID_BYTES, problem);
	if (error)
		return error;
	memcpy(signed_by, verifier.key_id, KM_NOTE_KEY_ID_BYTES);
	auto_buf struct km_buf note = KM_BUF_EMPTY;
	km_buf_add(&note, text, len);
	km_buf_add_format(&note, "\n" DASH "%s ", name);
	km_encode(KM_BASE64, signed_by, sizeof signed_by, &note);
	km_buf_add_char(&note, '\n');
	char *whole = km_buf_take(&note, NULL);
	if (!whole)
		return km_fail_memory(problem);
	*ret_note = whole;
	return KM_OK;
}

struct line { /* "— NAME BASE64", borrowed */
	const char *name, *base64;
	size_t name_len, base64_len;
};

/* Takes a line with its newline; false where it is not of that form. */
static bool next_line(const char **at, const char *end, struct line *ret_line)
{
	const char *newline = memchr(*at, '\n', (size_t)(end - *at));
	if (!newline || (size_t)(newline - *at) < strlen(DASH) || memcmp(*at, DASH, strlen(DASH)) != 0)
		return false;
	const char *name = *at + strlen(DASH);
	const char *space = memchr(name, ' ', (size_t)(newline - name));
	if (!space || !name_valid(name, (size_t)(space - name)))
		return false;
	*ret_line = (struct line){
		.name = name,
		.name_len = (size_t)(space - name),
		.base64 = space + 1,
		.base64_len = (size_t)(newline - space - 1),
	};
	*at = newline + 1;
	return true;
}

/* Where the line is by this key, ret_blob has the bytes of its signature, without the key id. False where the line's
 * base64 is wrong or too short to be anyone's. */
static bool read_line(const struct line *line, const struct km_note_verifier *verifier, bool *ret_ours,
                      struct km_buf *blob)
{
	if (!km_decode(KM_BASE64, line->base64, line->base64_len, blob) || blob->len <= KM_NOTE_KEY_ID_BYTES)
		return false;
	*ret_ours = line->name_len == strlen(verifier->name) && memcmp(line->name, verifier->name, line->name_len) == 0 &&
	            memcmp(blob->data, verifier->key_id, KM_NOTE_KEY_ID_BYTES) == 0;
	return true;
}

static enum km_error malformed(struct km_problem *problem, const char *why)
{
	return km_fail(problem, KM_MALFORMED, "note", "this is not a signed note: %s", why);
}

/* Where the text ends: at the last empty line, for only signatures come after that. */
static const char *end_of_text(const char *note, size_t len)
{
	for (const char *at = note + len; at - note >= 2; at--)
		if (at[-1] == '\n' && at[-2] == '\n')
			return at - 1;
	return NULL;
}

/* Goes over all lines, so that a note that is malformed further on is never taken. */
static enum km_error check_lines(const char *at, const char *end, const char *text, size_t text_len,
                                 const struct km_note_verifier *verifier, struct km_problem *problem)
{
	bool found = false, valid = false;
	for (size_t lines = 0; at < end; lines++) {
		struct line line;
		auto_buf struct km_buf blob = KM_BUF_EMPTY;
		bool ours = false;
		if (lines == KM_NOTE_SIGNATURES_MAX)
			return malformed(problem, "it has over 100 signatures");
		if (!next_line(&at, end, &line))
			return malformed(problem, "after the empty line only lines with signatures may come");
		if (!read_line(&line, verifier, &ours, &blob))
			return blob.failed ? km_fail_memory(problem) : malformed(problem, "a signature in it is not base64");
		if (!ours || found)
			continue;
		found = true;
		valid =
			blob.len == SIGNATURE_LINE_BYTES &&
			km_signature_valid(verifier->public_key, text, text_len, (const uint8_t *)blob.data + KM_NOTE_KEY_ID_BYTES);
	}
	if (!found)
		return km_fail(problem, KM_UNPROVEN, "unsigned", "this note is not signed by the key of %s", verifier->name);
	if (!valid)
		return km_fail(problem, KM_UNPROVEN, "bad-signature", "the signature of %s under this note does not fit",
		               verifier->name);
	return KM_OK;
}

enum km_error km_note_verify(const char *note, size_t len, const struct km_note_verifier *verifier,
                             size_t *ret_text_len, struct km_problem *problem)
{
	if (len > KM_NOTE_MAX)
		return km_fail(problem, KM_TOO_LARGE, "note-too-large", "this note is over %d bytes", KM_NOTE_MAX);
	const char *text_end = end_of_text(note, len);
	if (!text_end || text_end + 1 == note + len)
		return malformed(problem, "it has no empty line with signatures after it");
	size_t text_len = (size_t)(text_end - note);
	if (!text_valid(note, text_len))
		return malformed(problem, "its text is not plain UTF-8");
	enum km_error error = check_lines(text_end + 1, note + len, note, text_len, verifier, problem);
	if (error)
		return error;
	*ret_text_len = text_len;
	return KM_OK;
}
