#include "badge/bake.h"

#include <expat.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static bool is_base64url(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* The form only; keys/jws.h reads what is in it. */
static enum km_error check_token(const char *text, size_t len, struct km_problem *problem)
{
	if (len > KM_TOKEN_MAX)
		return km_fail(problem, KM_TOO_LARGE, "token-size", "this credential is over %d bytes", KM_TOKEN_MAX);
	int dots = 0;
	bool empty_part = true, strange = false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.') {
			dots++;
			strange |= empty_part;
			empty_part = true;
		} else {
			strange |= !is_base64url(text[i]);
			empty_part = false;
		}
	}
	if (dots != 2 || empty_part || strange)
		return km_fail(problem, KM_MALFORMED, "token-form", "this credential is not a compact JWS");
	return KM_OK;
}

static enum km_error check_size(size_t len, struct km_problem *problem)
{
	return len <= KM_PICTURE_MAX ? KM_OK
	                             : km_fail(problem, KM_TOO_LARGE, "picture-size",
	                                       "this picture is over %d MiB, which no badge is", KM_PICTURE_MAX >> 20);
}

static enum km_error absent(struct km_problem *problem)
{
	return km_fail(problem, KM_ABSENT, "no-credential",
	               "there is no credential in this picture: a copy or screenshot of a badge does not hold one");
}

/* SVG. Expat puts the namespace's name before an element's, with a byte between them that XML cannot contain. */

#define SEPARATOR  "\1"
#define CREDENTIAL "https://purl.imsglobal.org/ob/v3p0" SEPARATOR "credential"
#define SVG_ROOT   "http://www.w3.org/2000/svg" SEPARATOR "svg"
enum { DEPTH_MAX = 64 };

struct unbaking {
	XML_Parser parser;
	int depth;
	bool seen;   /* the first credential element */
	char *token; /* NULL where that element had no verify attribute */
	enum km_error error;
	struct km_problem *problem;
};

static void stop(struct unbaking *unbaking, enum km_error error)
{
	unbaking->error = error;
	XML_StopParser(unbaking->parser, XML_FALSE);
}

static void start_doctype(void *context, const XML_Char *name, const XML_Char *system_id, const XML_Char *public_id,
                          int internal)
{
	(void)name, (void)system_id, (void)public_id, (void)internal;
	struct unbaking *unbaking = context;
	stop(unbaking, km_fail(unbaking->problem, KM_MALFORMED, "svg-doctype",
	                       "this SVG has a document type declaration, which a badge never has"));
}

static void start_element(void *context, const XML_Char *name, const XML_Char **attributes)
{
	struct unbaking *unbaking = context;
	if (unbaking->error)
		return;
	if (++unbaking->depth > DEPTH_MAX) {
		stop(unbaking,
		     km_fail(unbaking->problem, KM_MALFORMED, "svg-depth", "this SVG nests over %d elements", DEPTH_MAX));
		return;
	}
	if (unbaking->depth == 1 && strcmp(name, SVG_ROOT) != 0) {
		stop(unbaking, km_fail(unbaking->problem, KM_MALFORMED, "not-svg", "this XML document is no SVG picture"));
		return;
	}
	if (unbaking->seen || strcmp(name, CREDENTIAL) != 0)
		return;
	unbaking->seen = true;
	for (; *attributes && !unbaking->token; attributes += 2) {
		if (strcmp(attributes[0], "verify") != 0)
			continue;
		size_t len = strlen(attributes[1]);
		enum km_error error = check_token(attributes[1], len, unbaking->problem);
		if (!error && !(unbaking->token = strndup(attributes[1], len)))
			error = km_fail_memory(unbaking->problem);
		if (error)
			stop(unbaking, error);
		return;
	}
}

static void end_element(void *context, const XML_Char *name)
{
	(void)name;
	((struct unbaking *)context)->depth--;
}

static enum km_error parse_svg(struct unbaking *unbaking, const char *bytes, size_t len)
{
	XML_Parser parser = unbaking->parser;
	XML_SetUserData(parser, unbaking);
	XML_SetElementHandler(parser, start_element, end_element);
	XML_SetStartDoctypeDeclHandler(parser, start_doctype);
	if (XML_Parse(parser, bytes, (int)len, XML_TRUE) == XML_STATUS_OK)
		return KM_OK;
	if (unbaking->error)
		return unbaking->error;
	enum XML_Error code = XML_GetErrorCode(parser);
	if (code == XML_ERROR_NO_MEMORY)
		return km_fail_memory(unbaking->problem);
	return km_fail(unbaking->problem, KM_MALFORMED, "svg-form", "line %llu of this SVG is not well-formed: %s",
	               (unsigned long long)XML_GetCurrentLineNumber(parser), XML_ErrorString(code));
}

enum km_error km_unbake_svg(const char *bytes, size_t len, char **ret_token, struct km_problem *problem)
{
	_Static_assert(KM_PICTURE_MAX <= INT_MAX, "expat counts bytes in an int");
	enum km_error error = check_size(len, problem);
	if (error)
		return error;
	struct unbaking unbaking = {.parser = XML_ParserCreateNS(NULL, *SEPARATOR), .problem = problem};
	if (!unbaking.parser)
		return km_fail_memory(problem);
	error = parse_svg(&unbaking, bytes, len);
	XML_ParserFree(unbaking.parser);
	if (!error && !unbaking.seen)
		error = absent(problem);
	if (!error && !unbaking.token)
		error = km_fail(problem, KM_MALFORMED, "token-form",
		                "the credential in this SVG has no verify attribute: only those signed as a JWS are read");
	if (error)
		free(unbaking.token);
	else
		*ret_token = unbaking.token;
	return error;
}

/* PNG. */

static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

/* Keyword, no compression, no language, no translated keyword; the text follows. */
static const char text_head[] = "openbadgecredential\0\0\0\0";
enum { KEYWORD_LEN = 20, TEXT_HEAD_LEN = sizeof text_head, CHUNK_FRAME = 12 };

struct chunk {
	const char *type; /* 4 bytes */
	const char *data;
	size_t len;
	size_t offset; /* of its length field in the file */
};

static uint32_t read_number(const char *bytes)
{
	const uint8_t *b = (const uint8_t *)bytes;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void add_number(struct km_buf *buf, uint32_t number)
{
	uint8_t bytes[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};
	km_buf_add(buf, bytes, sizeof bytes);
}

static uint32_t checksum(const char *type, const char *data, size_t len)
{
	uLong crc = crc32(crc32(0, NULL, 0), (const Bytef *)type, 4);
	/* crc32 starts anew when it is given no bytes. */
	return (uint32_t)(len ? crc32(crc, (const Bytef *)data, (uInt)len) : crc);
}

static enum km_error png_broken(struct km_problem *problem, size_t offset, const char *what)
{
	return km_fail(problem, KM_MALFORMED, "png-form", "this PNG is broken at byte %zu: %s", offset, what);
}

/* The chunk at *offset, and moves on to the next. */
static enum km_error next_chunk(const char *bytes, size_t len, size_t *offset, struct chunk *ret_chunk,
                                struct km_problem *problem)
{
	size_t rest = len - *offset;
	if (rest < CHUNK_FRAME)
		return png_broken(problem, *offset, "it ends too soon");
	size_t data_len = read_number(bytes + *offset);
	if (data_len > rest - CHUNK_FRAME)
		return png_broken(problem, *offset, "a chunk is longer than the file");
	struct chunk chunk = {.type = bytes + *offset + 4, .data = bytes + *offset + 8, .len = data_len, .offset = *offset};
	if (checksum(chunk.type, chunk.data, chunk.len) != read_number(chunk.data + chunk.len))
		return png_broken(problem, *offset, "a checksum is wrong");
	*offset += CHUNK_FRAME + data_len;
	*ret_chunk = chunk;
	return KM_OK;
}

static bool is_credential(const struct chunk *chunk)
{
	return memcmp(chunk->type, "iTXt", 4) == 0 && chunk->len >= KEYWORD_LEN &&
	       memcmp(chunk->data, text_head, KEYWORD_LEN) == 0;
}

/* Walks all chunks: the credential's (type NULL where there is none) and where the end chunk begins. */
static enum km_error scan_png(const char *bytes, size_t len, struct chunk *ret_credential, size_t *ret_end,
                              struct km_problem *problem)
{
	enum km_error error = check_size(len, problem);
	if (error)
		return error;
	if (len < sizeof signature || memcmp(bytes, signature, sizeof signature) != 0)
		return km_fail(problem, KM_MALFORMED, "not-png", "this is not a PNG picture");
	struct chunk chunk = {0}, credential = {0};
	size_t offset = sizeof signature;
	do {
		bool first = offset == sizeof signature;
		error = next_chunk(bytes, len, &offset, &chunk, problem);
		if (error)
			return error;
		if (first != (memcmp(chunk.type, "IHDR", 4) == 0))
			return png_broken(problem, chunk.offset, "the header must come first, and once");
		if (!is_credential(&chunk))
			continue;
		if (credential.type)
			return km_fail(problem, KM_MALFORMED, "two-credentials", "there are two credentials in this PNG");
		credential = chunk;
	} while (memcmp(chunk.type, "IEND", 4) != 0);
	if (chunk.len != 0 || offset != len)
		return png_broken(problem, chunk.offset, "something follows its end");
	*ret_credential = credential;
	*ret_end = chunk.offset;
	return KM_OK;
}

enum km_error km_unbake_png(const char *bytes, size_t len, char **ret_token, struct km_problem *problem)
{
	struct chunk credential;
	size_t end;
	enum km_error error = scan_png(bytes, len, &credential, &end, problem);
	if (error)
		return error;
	if (!credential.type)
		return absent(problem);
	if (credential.len < TEXT_HEAD_LEN || memcmp(credential.data, text_head, TEXT_HEAD_LEN) != 0)
		return km_fail(problem, KM_MALFORMED, "token-form",
		               "the credential in this PNG is compressed or has a language, which Open Badges 3.0 forbids");
	const char *text = credential.data + TEXT_HEAD_LEN;
	size_t text_len = credential.len - TEXT_HEAD_LEN;
	error = check_token(text, text_len, problem);
	if (error)
		return error;
	char *token = strndup(text, text_len);
	if (!token)
		return km_fail_memory(problem);
	*ret_token = token;
	return KM_OK;
}

enum km_error km_bake_png(const char *bytes, size_t len, const char *token, struct km_buf *ret_png,
                          struct km_problem *problem)
{
	struct chunk credential;
	size_t end;
	size_t token_len = strlen(token);
	enum km_error error = check_token(token, token_len, problem);
	if (!error)
		error = scan_png(bytes, len, &credential, &end, problem);
	if (error)
		return error;
	if (credential.type)
		return km_fail(problem, KM_CONFLICT, "has-credential", "there is a credential in this PNG already");
	auto_buf struct km_buf data = KM_BUF_EMPTY;
	km_buf_add(&data, text_head, TEXT_HEAD_LEN);
	km_buf_add(&data, token, token_len);
	if (data.failed)
		return km_fail_memory(problem);
	km_buf_add(ret_png, bytes, end);
	add_number(ret_png, (uint32_t)data.len);
	km_buf_add_text(ret_png, "iTXt");
	km_buf_add(ret_png, data.data, data.len);
	add_number(ret_png, checksum("iTXt", data.data, data.len));
	km_buf_add(ret_png, bytes + end, len - end);
	return ret_png->failed ? km_fail_memory(problem) : KM_OK;
}

enum km_error km_unbake_pdf(const char *bytes, size_t len, char **ret_token, struct km_problem *problem)
{
	static const char start[] = "/Keywords (" KM_PDF_KEYWORD;
	const size_t start_len = sizeof start - 1;
	const char *found = memmem(bytes, len, start, start_len);
	if (!found)
		return km_fail(problem, KM_ABSENT, "no-credential", "this PDF carries no credential");
	const char *token = found + start_len;
	size_t left = len - (size_t)(token - bytes);
	if (memmem(token, left, start, start_len))
		return km_fail(problem, KM_MALFORMED, "pdf", "this PDF carries more than one credential");
	const char *end = memchr(token, ')', left < KM_TOKEN_MAX + 1 ? left : KM_TOKEN_MAX + 1);
	if (!end)
		return km_fail(problem, KM_MALFORMED, "pdf", "the credential in this PDF breaks off");
	enum km_error error = check_token(token, (size_t)(end - token), problem);
	if (error)
		return error;
	char *copy = strndup(token, (size_t)(end - token));
	if (!copy)
		return km_fail_memory(problem);
	*ret_token = copy;
	return KM_OK;
}
