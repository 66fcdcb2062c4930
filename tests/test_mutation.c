/* Ten thousand changed copies of each thing that a registry hands out: none of them may pass for genuine, and none may
 * do any harm. The changes are drawn, but always the same ones. */
#include "badge/bake.h"
#include "badge/data_integrity.h"
#include "badge/drawing.h"
#include "badge/qr_token.h"
#include "badge/raster.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/json.h"
#include "tests/verifying.h"

#include <ctype.h>
#include <stdlib.h>

enum { MUTANTS = 10000 };

/* ------------------------------------------------------------------------------------------------------ the changes */

struct bytes {
	char *data; /* a NUL follows */
	size_t len;
};

static uint64_t drawn;

static size_t draw(size_t below)
{
	drawn ^= drawn << 13;
	drawn ^= drawn >> 7;
	drawn ^= drawn << 17;
	return (size_t)(drawn >> 20) % below;
}

static struct bytes bytes_of(const struct km_buf *buf)
{
	struct bytes bytes = {malloc(buf->len + 1), buf->len};
	assert_non_null(bytes.data);
	if (buf->len)
		memcpy(bytes.data, buf->data, buf->len);
	bytes.data[buf->len] = '\0';
	return bytes;
}

/* One change of one of eight kinds. */
static void mutate_once(const struct bytes *from, struct km_buf *to)
{
	size_t at = draw(from->len), more = draw(from->len - at) % 64 + 1, other = draw(from->len);
	if (more > from->len - at)
		more = from->len - at;
	const char *data = from->data, *rest = data + at;
	size_t rest_len = from->len - at;
	unsigned kind = (unsigned)draw(8);
	km_buf_add(to, data, at);
	switch (kind) {
	case 0: /* a bit is another */
		km_buf_add_char(to, (char)(*rest ^ 1 << draw(8)));
		km_buf_add(to, rest + 1, rest_len - 1);
		break;
	case 1: /* a byte is any other */
		km_buf_add_char(to, (char)draw(256));
		km_buf_add(to, rest + 1, rest_len - 1);
		break;
	case 2: /* a symbol is another */
		km_buf_add_char(to, "AZaz09-_.=\"<&> {}:,"[draw(19)]);
		km_buf_add(to, rest + 1, rest_len - 1);
		break;
	case 3: /* something is missing */
		km_buf_add(to, rest + more, rest_len - more);
		break;
	case 4: /* something more */
		km_buf_add_char(to, (char)draw(256));
		km_buf_add(to, rest, rest_len);
		break;
	case 5: /* the end is missing */
		break;
	case 6: /* a piece comes twice */
		km_buf_add(to, rest, more);
		km_buf_add(to, rest, rest_len);
		break;
	default: /* a piece of it elsewhere */
		km_buf_add(to, data + other, from->len - other < more ? from->len - other : more);
		km_buf_add(to, rest + more, rest_len - more);
	}
}

/* Mostly one change, at times up to four. */
static struct bytes mutate(const struct bytes *original)
{
	struct bytes bytes = {malloc(original->len + 1), original->len};
	assert_non_null(bytes.data);
	memcpy(bytes.data, original->data, original->len + 1);
	for (size_t changes = draw(4) ? 1 : 1 + draw(4); changes > 0 && bytes.len > 0; changes--) {
		auto_buf struct km_buf changed = KM_BUF_EMPTY;
		mutate_once(&bytes, &changed);
		free(bytes.data);
		bytes = bytes_of(&changed);
	}
	return bytes;
}

/* ------------------------------------------------------------------------------------------------- what must hold */

/* What is around a token does not belong to it. */
static struct bytes trimmed(const char *data, size_t len)
{
	while (len > 0 && isspace((unsigned char)*data)) {
		data++;
		len--;
	}
	while (len > 0 && isspace((unsigned char)data[len - 1]))
		len--;
	return (struct bytes){(char *)data, len};
}

static bool same_token(const struct bytes *mutant, const struct bytes *original)
{
	struct bytes token = trimmed(mutant->data, mutant->len);
	return token.len == original->len && memcmp(token.data, original->data, token.len) == 0;
}

/* A status is handed over as a string: it ends at the first NUL. */
static bool same_string(const struct bytes *mutant, const struct bytes *original)
{
	struct bytes text = {mutant->data, strlen(mutant->data)};
	return same_token(&text, original);
}

/* A QR code's address, or the token alone, may be in any case of letters. */
static bool same_code(const struct bytes *mutant, const struct bytes *original)
{
	struct bytes code = trimmed(mutant->data, mutant->len);
	return code.len <= original->len &&
	       strncasecmp(code.data, original->data + (original->len - code.len), code.len) == 0;
}

static bool same_picture(const struct bytes *mutant, const struct bytes *original, bool png)
{
	auto_free char *token = NULL, *expected = NULL;
	enum km_error (*unbake)(const char *, size_t, char **, struct km_problem *) = png ? km_unbake_png : km_unbake_svg;
	assert_int_equal(unbake(original->data, original->len, &expected, NULL), KM_OK);
	return unbake(mutant->data, mutant->len, &token, NULL) == KM_OK && strcmp(token, expected) == 0;
}

static bool same_svg(const struct bytes *mutant, const struct bytes *original)
{
	return same_picture(mutant, original, false);
}

static bool same_png(const struct bytes *mutant, const struct bytes *original)
{
	return same_picture(mutant, original, true);
}

static char *statements_of(json_t *document)
{
	char *text = NULL;
	size_t len = 0;
	json_object_del(document, "proof");
	return document && km_data_integrity_nquads(document, SAMPLE_URL, &text, &len, NULL) == KM_OK ? text : strdup("");
}

/* The same statements and the same proof, written down in another way: other white space, another order, a value that
 * is named twice. */
static bool same_document(const struct bytes *mutant, const struct bytes *original)
{
	json_auto_t *found = json_loadb(mutant->data, mutant->len, JSON_REJECT_DUPLICATES, NULL);
	json_auto_t *expected = json_loadb(original->data, original->len, 0, NULL);
	if (!json_equal(json_object_get(found, "proof"), json_object_get(expected, "proof")) ||
	    !json_equal(json_object_get(found, "@context"), json_object_get(expected, "@context")))
		return false;
	auto_free char *text = statements_of(found), *expected_text = statements_of(expected);
	return *expected_text && strcmp(text, expected_text) == 0;
}

struct thing {
	struct bytes original;
	struct km_verdict (*judge)(struct world *world, const struct bytes *bytes);
	bool (*same)(const struct bytes *mutant, const struct bytes *original); /* genuine for a reason */
	bool is_evidence; /* of the state: what is presented beside it is as it was */
};

static struct km_verdict judge_presented(struct world *world, const struct bytes *bytes)
{
	return world_verify_bytes(world, bytes->data, bytes->len);
}

static struct km_verdict judge_status(struct world *world, const struct bytes *bytes)
{
	world->answer.token = bytes->data;
	struct km_verdict verdict = world_verify(world, world->token);
	world->answer.token = NULL;
	return verdict;
}

static struct km_verdict verify_listed(struct world *world, const char *revoked, const char *suspended)
{
	const char *const lists[] = {revoked, suspended};
	struct km_status_source source = {.lists = lists, .lists_len = 2};
	struct km_verdict verdict;
	km_verify(world->token, strlen(world->token), &world->trust, &source, world->now, &verdict);
	return verdict;
}

static char *list_of(const struct world *world, enum km_status_purpose purpose)
{
	return world_list(world, purpose, 1, false, SAMPLE_NOW, SAMPLE_URL, STATUS);
}

static struct km_verdict judge_revocations(struct world *world, const struct bytes *bytes)
{
	auto_free char *suspended = list_of(world, KM_STATUS_SUSPENSION);
	return verify_listed(world, bytes->data, suspended);
}

static struct km_verdict judge_suspensions(struct world *world, const struct bytes *bytes)
{
	auto_free char *revoked = list_of(world, KM_STATUS_REVOCATION);
	return verify_listed(world, revoked, bytes->data);
}

static void expect_true_words(const struct km_verdict *verdict)
{
	assert_string_equal(verdict->number, SAMPLE_NUMBER);
	assert_string_equal(verdict->provider_name, "Test BV Donald");
	assert_string_equal(verdict->kvk, "68750110");
	assert_int_equal(verdict->valid_until, 1890255599);
}

static void check_mutant(struct world *world, const struct thing *thing, const struct bytes *mutant, size_t *untouched)
{
	struct km_verdict verdict = thing->judge(world, mutant);
	if (verdict.outcome == KM_GENUINE) {
		if (!thing->same(mutant, &thing->original))
			fail_msg("genuine, though changed: %.*s", (int)mutant->len, mutant->data);
		expect_true_words(&verdict);
		++*untouched;
	}
	/* Nothing is shown that is not proven. */
	if (verdict.checks[KM_CHECK_SIGNATURE].result != KM_RESULT_GOOD && *verdict.provider_name)
		fail_msg("a name without a signature: %s", verdict.provider_name);
	/* Who forges the news of a mark cannot make the mark itself a forgery. */
	if (thing->is_evidence && verdict.outcome == KM_NOT_VALID)
		fail_msg("not valid, for lack of news: %s", verdict.sentence);
	size_t characters;
	assert_true(km_utf8_valid(verdict.sentence, strlen(verdict.sentence), &characters));
}

static void try_mutants(struct world *world, struct thing thing)
{
	size_t untouched = 0, drop = 0;
	struct km_verdict verdict = thing.judge(world, &thing.original);
	expect(&verdict, KM_GENUINE, "active");
	drawn = 0x9e3779b97f4a7c15;
	for (size_t i = 0; i < MUTANTS; i++) {
		struct bytes mutant = mutate(&thing.original);
		if (mutant.len == thing.original.len && memcmp(mutant.data, thing.original.data, mutant.len) == 0)
			drop++; /* no change after all */
		else
			check_mutant(world, &thing, &mutant, &untouched);
		free(mutant.data);
	}
	printf("# %zu bytes: of %d copies %zu came out as they were, %zu were changed beside the point\n",
	       thing.original.len, MUTANTS, drop, untouched);
	assert_true(drop < MUTANTS / 20);
}

static struct bytes text_of(const char *text)
{
	return (struct bytes){(char *)text, strlen(text)};
}

/* ------------------------------------------------------------------------------------------------------ the things */

static void no_changed_credential_is_genuine(void **state)
{
	struct world *world = *state;
	try_mutants(world, (struct thing){text_of(world->token), judge_presented, same_token, false});
}

static void no_changed_document_is_genuine(void **state)
{
	struct world *world = *state;
	auto_free char *text = world_document(world, &world->sample.mark, SAMPLE_URL, CREDENTIAL);
	try_mutants(world, (struct thing){text_of(text), judge_presented, same_document, false});
}

static void draw_badge(const struct world *world, const char *token, bool png, struct km_buf *picture)
{
	struct km_problem problem = {0};
	struct km_catalogue *words = NULL;
	const struct km_drawing drawing = {.form = KM_BADGE_STRIP, .url = SAMPLE_URL, .credential = token};
	assert_ok(km_badge_words(&words, &problem), &problem);
	assert_ok(png ? km_badge_png(&drawing, &world->sample.mark, words, 64, picture, &problem)
	              : km_badge_svg(&drawing, &world->sample.mark, words, picture, &problem),
	          &problem);
	km_catalogue_free(words);
}

static void no_changed_svg_is_genuine_but_beside_its_credential(void **state)
{
	struct world *world = *state;
	auto_buf struct km_buf picture = KM_BUF_EMPTY;
	draw_badge(world, world->token, false, &picture);
	try_mutants(world, (struct thing){{picture.data, picture.len}, judge_presented, same_svg, false});
}

static void no_changed_png_is_genuine_but_beside_its_credential(void **state)
{
	struct world *world = *state;
	auto_buf struct km_buf picture = KM_BUF_EMPTY;
	draw_badge(world, world->token, true, &picture);
	try_mutants(world, (struct thing){{picture.data, picture.len}, judge_presented, same_png, false});
}

static void no_changed_qr_code_is_genuine(void **state)
{
	struct world *world = *state;
	auto_free char *token = world_qr_token(world, &world->sample.mark, SAMPLE_URL, CREDENTIAL);
	auto_free char *text = km_qr_token_text(SAMPLE_URL, token);
	try_mutants(world, (struct thing){text_of(text), judge_presented, same_code, false});
}

static void no_changed_status_makes_a_mark_genuine(void **state)
{
	struct world *world = *state;
	auto_free char *status = world_status(world, &world->sample.mark, world->now, STATUS);
	try_mutants(world, (struct thing){text_of(status), judge_status, same_string, true});
}

static void no_changed_status_list_makes_a_mark_genuine(void **state)
{
	struct world *world = *state;
	auto_free char *revoked = list_of(world, KM_STATUS_REVOCATION), *suspended = list_of(world, KM_STATUS_SUSPENSION);
	try_mutants(world, (struct thing){text_of(revoked), judge_revocations, same_string, true});
	try_mutants(world, (struct thing){text_of(suspended), judge_suspensions, same_string, true});
}

/* --------------------------------------------------------------------------------------- what a forger would think of
 */

/* The header of a compact JWS is another, the rest as it was. */
static char *with_header(const char *token, const char *header)
{
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	km_encode(KM_BASE64URL, header, strlen(header), &text);
	km_buf_add_text(&text, strchr(token, '.'));
	return km_buf_take(&text, NULL);
}

static void another_algorithm_is_never_taken(void **state)
{
	struct world *world = *state;
	static const char *const algorithms[] = {"none",  "None",  "HS256", "HS384", "RS256",  "ES256",
	                                         "PS256", "EdDSa", "",      "Ed448", "ES256K", "dir"};
	char kid[256];
	world_kid(world, CREDENTIAL, true, kid);
	auto_free char *status = world_status(world, &world->sample.mark, world->now, STATUS);
	for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
		auto_buf struct km_buf header = KM_BUF_EMPTY;
		km_buf_add_format(&header, "{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":\"%s\"}", algorithms[i], kid);
		auto_free char *token = with_header(world->token, header.data);
		struct km_verdict verdict = world_verify(world, token);
		expect(&verdict, KM_NOT_VALID, "malformed");
		*strrchr(token, '.') = '\0'; /* and with no signature at all */
		auto_buf struct km_buf bare = KM_BUF_EMPTY;
		km_buf_add_format(&bare, "%s.", token);
		verdict = world_verify(world, bare.data);
		expect(&verdict, KM_NOT_VALID, "malformed");
		km_buf_free(&header);
		km_buf_add_format(&header, "{\"alg\":\"%s\",\"typ\":\"keurmerk-status+jwt\",\"kid\":\"%s\"}", algorithms[i],
		                  kid);
		world->answer.token = with_header(status, header.data);
		verdict = world_verify(world, world->token);
		expect(&verdict, KM_CANNOT_TELL, "status-unknown");
		free((char *)world->answer.token);
	}
}

/* Of another company, which has one too. */
static void make_other(struct sample_mark *other)
{
	struct km_problem problem = {0};
	sample_mark_make(other);
	other->provider.name = "Test NV Katrien";
	other->provider.kvk = "68727720";
	assert_ok(km_number_parse("7K3Q9XM24HVR", other->mark.number, &problem), &problem);
	other->mark.status_index = 1;
}

static void anothers_news_says_nothing_of_this_mark(void **state)
{
	struct world *world = *state;
	struct sample_mark other;
	make_other(&other);
	auto_free char *status = world_status(world, &other.mark, world->now, STATUS);
	world->answer.token = status;
	struct km_verdict verdict = world_verify(world, world->token);
	expect(&verdict, KM_CANNOT_TELL, "status-unknown");
	auto_free char *document = world_document(world, &world->sample.mark, SAMPLE_URL, CREDENTIAL);
	verdict = world_verify(world, document);
	expect(&verdict, KM_CANNOT_TELL, "status-unknown");
	world->answer.token = NULL;
	auto_free char *next = world_list(world, KM_STATUS_SUSPENSION, 2, false, SAMPLE_NOW, SAMPLE_URL, STATUS);
	auto_free char *revoked = list_of(world, KM_STATUS_REVOCATION);
	verdict = verify_listed(world, revoked, next);
	expect(&verdict, KM_CANNOT_TELL, "status-unknown");
	verdict = verify_listed(world, revoked, revoked);
	expect(&verdict, KM_CANNOT_TELL, "status-unknown");
}

/* The other mark's proof, signature or claims in this one's place. */
static void parts_of_two_genuine_things_make_no_third(void **state)
{
	struct world *world = *state;
	struct sample_mark other;
	make_other(&other);
	auto_free char *theirs = world_credential(world, &other.mark, SAMPLE_URL);
	auto_buf struct km_buf mixed = KM_BUF_EMPTY;
	km_buf_add(&mixed, world->token, (size_t)(strrchr(world->token, '.') - world->token));
	km_buf_add_text(&mixed, strrchr(theirs, '.'));
	struct km_verdict verdict = world_verify(world, mixed.data);
	expect(&verdict, KM_NOT_VALID, "bad-signature");
	auto_free char *text = world_document(world, &world->sample.mark, SAMPLE_URL, CREDENTIAL);
	auto_free char *their_text = world_document(world, &other.mark, SAMPLE_URL, CREDENTIAL);
	json_auto_t *document = json_loads(text, 0, NULL), *their_document = json_loads(their_text, 0, NULL);
	json_object_set(document, "proof", json_object_get(their_document, "proof"));
	auto_free char *exchanged = json_dumps(document, 0);
	verdict = world_verify(world, exchanged);
	expect(&verdict, KM_NOT_VALID, "bad-signature");
}

/* A picture that shows one company and carries another's credential shows itself: the names come from the credential.
 */
static void anothers_picture_with_this_token_is_told_as_whose_it_is(void **state)
{
	struct world *world = *state;
	struct sample_mark other;
	make_other(&other);
	struct world with_other = *world;
	for (int png = 0; png < 2; png++) {
		auto_buf struct km_buf picture = KM_BUF_EMPTY;
		with_other.sample.mark = other.mark;
		draw_badge(&with_other, world->token, png, &picture);
		struct km_verdict verdict = world_verify_bytes(world, picture.data, picture.len);
		expect(&verdict, KM_GENUINE, "active");
		expect_true_words(&verdict);
		assert_null(strstr(verdict.sentence, "Katrien"));
	}
}

static void an_old_or_strange_list_is_no_news(void **state)
{
	struct world *world = *state;
	auto_free char *revoked = list_of(world, KM_STATUS_REVOCATION), *suspended = list_of(world, KM_STATUS_SUSPENSION);
	static const struct {
		int64_t from;
		const char *url;
		int key;
	} cases[] = {
		{SAMPLE_NOW - KM_STATUS_LIST_TTL_S, SAMPLE_URL, STATUS}, /* expired a minute ago */
		{SAMPLE_NOW + 3600, SAMPLE_URL, STATUS},
		{SAMPLE_NOW, SAMPLE_URL, STRANGER},
		{SAMPLE_NOW, SAMPLE_URL, CREDENTIAL},
		{SAMPLE_NOW, "https://other.example", STATUS},
		{SAMPLE_NOW, "https://other.example", STRANGER},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (int purpose = 0; purpose < KM_STATUS_PURPOSES; purpose++) {
			auto_free char *list =
				world_list(world, (enum km_status_purpose)purpose, 1, false, cases[i].from, cases[i].url, cases[i].key);
			struct km_verdict verdict = purpose == KM_STATUS_REVOCATION ? verify_listed(world, list, suspended)
			                                                            : verify_listed(world, revoked, list);
			expect(&verdict, KM_CANNOT_TELL, "status-unknown");
		}
	struct km_verdict verdict = verify_listed(world, revoked, suspended);
	expect(&verdict, KM_GENUINE, "active");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_VERIFY_TEST(no_changed_credential_is_genuine),
		KM_VERIFY_TEST(no_changed_document_is_genuine),
		KM_VERIFY_TEST(no_changed_svg_is_genuine_but_beside_its_credential),
		KM_VERIFY_TEST(no_changed_png_is_genuine_but_beside_its_credential),
		KM_VERIFY_TEST(no_changed_qr_code_is_genuine),
		KM_VERIFY_TEST(no_changed_status_makes_a_mark_genuine),
		KM_VERIFY_TEST(no_changed_status_list_makes_a_mark_genuine),
		KM_VERIFY_TEST(another_algorithm_is_never_taken),
		KM_VERIFY_TEST(anothers_news_says_nothing_of_this_mark),
		KM_VERIFY_TEST(parts_of_two_genuine_things_make_no_third),
		KM_VERIFY_TEST(anothers_picture_with_this_token_is_told_as_whose_it_is),
		KM_VERIFY_TEST(an_old_or_strange_list_is_no_news),
	};
	return cmocka_run_group_tests_name("mutation", tests, NULL, NULL);
}
