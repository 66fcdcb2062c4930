#include "tests/folder.h"

#include "base/buf.h"
#include "base/json.h"
#include "keys/checkpoint.h"
#include "keys/cwt.h"
#include "keys/jws.h"
#include "keys/note.h"
#include "keys/signer.h"

#include <dirent.h>
#include <pthread.h>
#include <sys/stat.h>

#define URL "https://keurmerk.example"

static const int64_t made_at = 1790000000;

/* What each form looks like at least, at `made_at`. */
static const char *const samples[KM_FORMS] = {
	[KM_FORM_CREDENTIAL] =
		"{\"type\":[\"VerifiableCredential\",\"OpenBadgeCredential\"],\"iss\":\"" URL "\",\"issuer\":{\"id\":\"" URL
		"\",\"type\":[\"Profile\"]},\"id\":\"" URL "/m/1\",\"jti\":\"" URL "/m/1\",\"sub\":\"" URL
		"/m/1#a\",\"credentialSubject\":{\"id\":\"" URL "/m/1#a\"},\"nbf\":1790000000,\"iat\":1790000000}",
	[KM_FORM_STATUS_LIST] =
		"{\"type\":[\"VerifiableCredential\",\"BitstringStatusListCredential\"],\"id\":\"" URL
		"/status/1\",\"issuer\":\"did:web:keurmerk.example\",\"validFrom\":\"2026-09-21T14:13:20Z\",\"validUntil\":"
		"\"2026-09-22T14:13:20Z\",\"credentialSubject\":{\"encodedList\":\"uH4sI\"}}",
	[KM_FORM_STATUS] =
		"{\"iss\":\"" URL "\",\"sub\":\"" URL "/m/1\",\"iat\":1790000000,\"exp\":1790003600,\"mark\":\"1\","
		"\"state\":\"active\"}",
	[KM_FORM_RECEIPT] = "{\"iss\":\"" URL "\",\"jti\":\"x\",\"iat\":1790000000,\"results\":[]}",
	[KM_FORM_REGISTER] =
		"{\"iss\":\"" URL "\",\"sub\":\"" URL "/register.jsonl\",\"iat\":1790000000,\"exp\":1790086400,"
		"\"sha256\":\"00\",\"rows\":0,\"sequence\":0,\"next_update\":\"2026-09-21T14:14:20Z\"}",
	[KM_FORM_QR] = "{\"iss\":\"" URL "\",\"sub\":\"1\",\"exp\":1800000000,\"iat\":1790000000,\"name\":\"n\","
				   "\"kvk\":\"68750110\",\"scheme\":\"s\",\"index\":0}",
};

struct signing {
	int64_t moment;
	struct km_clock clock;
	struct km_signer *signer;
	struct km_keyset set;
};

static void open_signer(struct signing *signing, const char *folder, const char *passphrase)
{
	struct km_problem problem = {0};
	*signing = (struct signing){.moment = made_at};
	signing->clock = km_clock_fixed(&signing->moment);
	assert_ok(km_signer_init(folder, URL, passphrase, made_at, &problem), &problem);
	assert_ok(km_signer_open(folder, passphrase, &signing->clock, &signing->signer, &problem), &problem);
	assert_ok(km_signer_keyset(folder, &signing->set, &problem), &problem);
}

static void close_signer(struct signing *signing)
{
	km_signer_close(signing->signer);
}

static const struct km_keyset_entry *entry_for(const struct km_keyset *set, enum km_purpose purpose)
{
	for (size_t i = 0; i < set->len; i++)
		if (set->entries[i].purpose == purpose)
			return &set->entries[i];
	fail();
	return NULL;
}

enum { PATH_ROOM = 128 };

static void private_path(const struct km_keyset_entry *entry, char path[static PATH_ROOM])
{
	snprintf(path, PATH_ROOM, "keys/%s-%s.pem", km_purpose_name(entry->purpose), entry->thumbprint);
}

static size_t names_in(const char *path)
{
	size_t names = 0;
	DIR *folder = opendir(path);
	assert_non_null(folder);
	for (struct dirent *entry; (entry = readdir(folder));)
		names += entry->d_name[0] != '.';
	closedir(folder);
	return names;
}

static void a_new_folder_holds_a_key_for_each_purpose(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_keyset set;
	struct stat status;
	assert_ok(km_signer_init("keys/", URL, NULL, made_at, &problem), &problem);
	assert_int_equal(stat("keys", &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	assert_int_equal(names_in("keys"), KM_PURPOSES + 1);
	assert_int_equal(names_in("keys/published"), 1);
	assert_int_equal(names_in("."), 1);
	assert_ok(km_signer_keyset("keys", &set, &problem), &problem);
	assert_string_equal(set.url, URL);
	assert_int_equal(set.len, KM_PURPOSES);
	for (enum km_purpose purpose = 0; purpose < KM_PURPOSES; purpose++) {
		char path[PATH_ROOM];
		struct km_key *key = NULL;
		uint8_t public_key[KM_PUBLIC_BYTES];
		const struct km_keyset_entry *entry = entry_for(&set, purpose);
		private_path(entry, path);
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_mode & 07777, 0600);
		assert_ok(km_key_load(path, NULL, &key, &problem), &problem);
		km_key_public(key, public_key);
		km_key_free(key);
		assert_memory_equal(entry->public_key, public_key, sizeof public_key);
		assert_int_equal(entry->not_before, made_at);
		assert_int_equal(entry->not_after, 0);
	}
}

static void what_is_there_is_left_alone(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	char before[4096], after[4096];
	assert_int_equal(mkdir("keys", 0755), 0); /* an empty one is ours to take */
	assert_ok(km_signer_init("keys", URL, NULL, made_at, &problem), &problem);
	km_test_read("keys/published/keys.json", before, sizeof before);
	assert_problem(km_signer_init("keys", URL, NULL, made_at, &problem), &problem, KM_CONFLICT, "keys-exist");
	km_test_read("keys/published/keys.json", after, sizeof after);
	assert_string_equal(before, after);
	km_test_write("file", "x", 1, 0600);
	assert_problem(km_signer_init("file", URL, NULL, made_at, &problem), &problem, KM_CONFLICT, "keys-exist");
	assert_problem(km_signer_init("other", "keurmerk.example", NULL, made_at, &problem), &problem, KM_INVALID, "url");
	assert_problem(km_signer_init("other", URL, "", made_at, &problem), &problem, KM_INVALID, "passphrase");
	assert_problem(km_signer_init("no/such", URL, NULL, made_at, &problem), &problem, KM_IO, "create");
	assert_int_equal(names_in("."), 2); /* nothing half made */
}

static void expect_cwt(const char *token, const struct km_keyset_entry *entry)
{
	struct km_problem problem = {0};
	auto_cwt struct km_cwt cwt = {0};
	assert_ok(km_cwt_parse(token, strlen(token), &cwt, &problem), &problem);
	assert_true(km_cwt_names(&cwt, entry->thumbprint) && km_cwt_verify(&cwt, entry->public_key));
	json_auto_t *claims = json_loads(samples[KM_FORM_QR], 0, NULL);
	assert_true(json_equal(cwt.claims, claims));
}

static void each_form_is_signed_by_the_key_of_its_purpose(void **state)
{
	(void)state;
	struct signing signing;
	open_signer(&signing, "keys", NULL);
	for (enum km_form form = 0; form < KM_FORMS; form++) {
		struct km_problem problem = {0};
		char kid[256];
		auto_free char *token = NULL;
		auto_jws struct km_jws jws = {0};
		const struct km_keyset_entry *entry = entry_for(&signing.set, km_form_purpose(form));
		assert_ok(km_signer_sign(signing.signer, form, samples[form], strlen(samples[form]), &token, &problem),
		          &problem);
		if (form == KM_FORM_QR) {
			expect_cwt(token, entry);
			continue;
		}
		assert_ok(km_jws_parse(token, strlen(token), 10000, &jws, &problem), &problem);
		assert_true(km_jws_verify(&jws, entry->public_key));
		assert_string_equal(jws.payload, samples[form]);
		assert_string_equal(jws.typ, km_form_typ(form));
		snprintf(kid, sizeof kid, km_form_kid_is_url(form) ? URL "/keys/%s.jwk" : "%s", entry->thumbprint);
		assert_string_equal(jws.kid, kid);
		auto_free char *header = km_json_text(jws.header);
		assert_int_equal(strncmp(header, "{\"alg\":\"EdDSA\",\"typ\":", 21), 0);
	}
	assert_string_equal(km_form_typ(KM_FORM_CREDENTIAL), "JWT");
	assert_string_equal(km_form_typ(KM_FORM_STATUS_LIST), "vc+jwt");
	assert_true(km_form_kid_is_url(KM_FORM_CREDENTIAL) && km_form_kid_is_url(KM_FORM_STATUS_LIST));
	assert_false(km_form_kid_is_url(KM_FORM_STATUS) || km_form_kid_is_url(KM_FORM_RECEIPT));
	close_signer(&signing);
}

static void no_form_passes_for_another(void **state)
{
	(void)state;
	struct signing signing;
	open_signer(&signing, "keys", NULL);
	for (enum km_form form = 0; form < KM_FORMS; form++) {
		for (enum km_form other = 0; other < KM_FORMS; other++) {
			struct km_problem problem = {0};
			char *token = NULL;
			if (other == form)
				continue;
			assert_problem(
				km_signer_sign(signing.signer, form, samples[other], strlen(samples[other]), &token, &problem),
				&problem, KM_INVALID, "form");
			assert_null(token);
		}
	}
	close_signer(&signing);
}

/* The sample with one member of it set otherwise; NULL: left out. `path` is "member" or "parent.member". */
static char *changed(enum km_form form, const char *path, json_t *value)
{
	json_auto_t *payload = json_loads(samples[form], 0, NULL);
	json_t *at = payload;
	const char *dot = strchr(path, '.');
	if (dot) {
		char parent[64];
		snprintf(parent, sizeof parent, "%.*s", (int)(dot - path), path);
		at = json_object_get(payload, parent);
		path = dot + 1;
	}
	assert_non_null(json_object_get(at, path));
	assert_int_equal(value ? json_object_set_new(at, path, value) : json_object_del(at, path), 0);
	return km_json_text(payload);
}

static void expect_refused(struct signing *signing, enum km_form form, char *payload)
{
	struct km_problem problem = {0};
	char *token = NULL;
	if (km_signer_sign(signing->signer, form, payload, strlen(payload), &token, &problem) != KM_INVALID)
		fail_msg("signed: %s", payload);
	assert_string_equal(problem.type, "form");
	assert_null(token);
	free(payload);
}

static void a_form_without_one_of_its_members_is_refused(void **state)
{
	(void)state;
	static const struct {
		enum km_form form;
		const char *members[12];
	} needed[] = {
		{KM_FORM_CREDENTIAL,
	     {"type", "iss", "issuer", "issuer.id", "jti", "id", "sub", "credentialSubject", "nbf", "iat"}},
		{KM_FORM_STATUS_LIST,
	     {"type", "id", "issuer", "validFrom", "validUntil", "credentialSubject", "credentialSubject.encodedList"}},
		{KM_FORM_STATUS, {"iss", "sub", "iat", "exp", "mark", "state"}},
		{KM_FORM_RECEIPT, {"iss", "jti", "iat", "results"}},
		{KM_FORM_REGISTER, {"iss", "sub", "iat", "exp", "sha256", "rows", "sequence", "next_update"}},
		{KM_FORM_QR, {"iss", "sub", "exp", "iat", "name", "kvk", "scheme", "index"}},
	};
	struct signing signing;
	open_signer(&signing, "keys", NULL);
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
		for (const char *const *member = needed[i].members; *member; member++) {
			expect_refused(&signing, needed[i].form, changed(needed[i].form, *member, NULL));
			expect_refused(&signing, needed[i].form, changed(needed[i].form, *member, json_true()));
			expect_refused(&signing, needed[i].form, changed(needed[i].form, *member, json_string("")));
		}
	}
	close_signer(&signing);
}

static void nothing_is_signed_in_the_name_of_another(void **state)
{
	(void)state;
	static const char *const others[] = {"https://ander.example", URL "/", URL ".example", "did:web:ander.example",
	                                     "did:web:keurmerk.example:x"};
	struct signing signing;
	open_signer(&signing, "keys", NULL);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		expect_refused(&signing, KM_FORM_STATUS, changed(KM_FORM_STATUS, "iss", json_string(others[i])));
		expect_refused(&signing, KM_FORM_RECEIPT, changed(KM_FORM_RECEIPT, "iss", json_string(others[i])));
		expect_refused(&signing, KM_FORM_REGISTER, changed(KM_FORM_REGISTER, "iss", json_string(others[i])));
		expect_refused(&signing, KM_FORM_CREDENTIAL, changed(KM_FORM_CREDENTIAL, "iss", json_string(others[i])));
		expect_refused(&signing, KM_FORM_CREDENTIAL, changed(KM_FORM_CREDENTIAL, "issuer.id", json_string(others[i])));
		expect_refused(&signing, KM_FORM_STATUS_LIST, changed(KM_FORM_STATUS_LIST, "issuer", json_string(others[i])));
	}
	/* claims that differ from their twins */
	expect_refused(&signing, KM_FORM_CREDENTIAL, changed(KM_FORM_CREDENTIAL, "jti", json_string(URL "/m/2")));
	expect_refused(&signing, KM_FORM_CREDENTIAL, changed(KM_FORM_CREDENTIAL, "sub", json_string(URL "/m/2#a")));
	close_signer(&signing);
}

static void a_status_speaks_of_the_present_and_not_for_long(void **state)
{
	(void)state;
	struct signing signing;
	open_signer(&signing, "keys", NULL);
	signing.moment = made_at + 1000000;
	static const struct {
		int64_t iat, exp; /* from now */
		bool taken;
	} times[] = {
		{0, 3600, true},
		{0, 0, true},
		{-KM_FORM_SKEW_S, 0, true},
		{KM_FORM_SKEW_S, KM_FORM_SKEW_S + 3600, true},
		{-KM_FORM_SKEW_S - 1, 0, false},
		{KM_FORM_SKEW_S + 1, 3600, false},
		{0, 3601, false},
		{0, -1, false},
		{0, 10LL * 365 * 86400, false},
	};
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		struct km_problem problem = {0};
		auto_free char *token = NULL;
		json_auto_t *status = json_loads(samples[KM_FORM_STATUS], 0, NULL);
		json_object_set_new(status, "iat", json_integer(signing.moment + times[i].iat));
		json_object_set_new(status, "exp", json_integer(signing.moment + times[i].exp));
		auto_free char *text = km_json_text(status);
		enum km_error error = km_signer_sign(signing.signer, KM_FORM_STATUS, text, strlen(text), &token, &problem);
		assert_int_equal(error, times[i].taken ? KM_OK : KM_INVALID);
	}
	close_signer(&signing);
}

static void a_status_list_speaks_of_the_present_and_not_for_long(void **state)
{
	(void)state;
	struct signing signing;
	open_signer(&signing, "keys", NULL);
	signing.moment = made_at + 1000000;
	static const struct {
		int64_t from, until; /* from now */
		bool taken;
	} times[] = {
		{0, 86400, true},
		{0, 0, true},
		{-KM_FORM_SKEW_S, 0, true},
		{-KM_FORM_SKEW_S - 1, 0, false},
		{KM_FORM_SKEW_S + 1, 86400, false},
		{0, 86401, false},
		{0, -1, false},
	};
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		struct km_problem problem = {0};
		auto_free char *token = NULL;
		json_auto_t *list = json_loads(samples[KM_FORM_STATUS_LIST], 0, NULL);
		json_object_set_new(list, "validFrom", km_json_moment_new(signing.moment + times[i].from));
		json_object_set_new(list, "validUntil", km_json_moment_new(signing.moment + times[i].until));
		auto_free char *text = km_json_text(list);
		enum km_error error = km_signer_sign(signing.signer, KM_FORM_STATUS_LIST, text, strlen(text), &token, &problem);
		assert_int_equal(error, times[i].taken ? KM_OK : KM_INVALID);
	}
	close_signer(&signing);
}

static void what_is_no_json_object_is_not_signed(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "[]", "5", "{", "{\"iss\":\"a\",\"iss\":\"a\"}", "{} {}"};
	struct signing signing;
	open_signer(&signing, "keys", NULL);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		for (enum km_form form = 0; form < KM_FORMS; form++) {
			struct km_problem problem = {0};
			char *token = NULL;
			assert_problem(km_signer_sign(signing.signer, form, texts[i], strlen(texts[i]), &token, &problem), &problem,
			               KM_MALFORMED, "json");
		}
	}
	/* at the bound, and over it */
	struct km_problem problem = {0};
	auto_free char *token = NULL, *large = malloc(KM_FORM_PAYLOAD_MAX + 1);
	assert_non_null(large);
	memset(large, ' ', KM_FORM_PAYLOAD_MAX + 1);
	memcpy(large, samples[KM_FORM_STATUS], strlen(samples[KM_FORM_STATUS]));
	assert_problem(km_signer_sign(signing.signer, KM_FORM_STATUS, large, KM_FORM_PAYLOAD_MAX + 1, &token, &problem),
	               &problem, KM_TOO_LARGE, "form");
	assert_ok(km_signer_sign(signing.signer, KM_FORM_STATUS, large, KM_FORM_PAYLOAD_MAX, &token, &problem), &problem);
	close_signer(&signing);
}

static char *status_at(int64_t moment)
{
	json_auto_t *status = json_loads(samples[KM_FORM_STATUS], 0, NULL);
	json_object_set_new(status, "iat", json_integer(moment));
	json_object_set_new(status, "exp", json_integer(moment));
	return km_json_text(status);
}

static void nothing_is_signed_before_its_key_is_published(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	char *token = NULL;
	struct signing signing;
	open_signer(&signing, "keys", NULL);
	signing.moment = made_at - 1;
	auto_free char *status = status_at(made_at - 1);
	assert_problem(km_signer_sign(signing.signer, KM_FORM_STATUS, status, strlen(status), &token, &problem), &problem,
	               KM_UNAVAILABLE, "key-not-yet");
	close_signer(&signing);
}

#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="

static void a_checkpoint_is_a_note_by_the_log(void **state)
{
	(void)state;
	static const char body[] = "keurmerk.example/log\n12\n" ROOT "\n";
	struct km_problem problem = {0};
	struct signing signing;
	struct km_note_verifier verifier;
	auto_free char *note = NULL;
	size_t text_len = 0;
	open_signer(&signing, "keys", NULL);
	assert_ok(km_note_verifier_make("keurmerk.example/log", entry_for(&signing.set, KM_PURPOSE_LOG)->public_key,
	                                &verifier, &problem),
	          &problem);
	assert_ok(km_signer_checkpoint(signing.signer, body, strlen(body), &note, &problem), &problem);
	assert_ok(km_note_verify(note, strlen(note), &verifier, &text_len, &problem), &problem);
	assert_int_equal(text_len, strlen(body));
	assert_memory_equal(note, body, text_len);
	close_signer(&signing);
}

static void only_checkpoints_of_our_own_log_are_signed(void **state)
{
	(void)state;
	static const struct {
		const char *body;
		enum km_error error;
	} bodies[] = {
		{"keurmerk.example/log\n12\n" ROOT "\nextra\n", KM_MALFORMED},
		{"keurmerk.example/log\n12\n", KM_MALFORMED},
		{"keurmerk.example/log\n012\n" ROOT "\n", KM_MALFORMED},
		{"ander.example/log\n12\n" ROOT "\n", KM_INVALID},
		{"keurmerk.example\n12\n" ROOT "\n", KM_INVALID},
		{"keurmerk.example/log \n12\n" ROOT "\n", KM_INVALID},
	};
	struct signing signing;
	open_signer(&signing, "keys", NULL);
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		struct km_problem problem = {0};
		char *note = NULL;
		assert_problem(km_signer_checkpoint(signing.signer, bodies[i].body, strlen(bodies[i].body), &note, &problem),
		               &problem, bodies[i].error, "checkpoint");
		assert_null(note);
	}
	close_signer(&signing);
}

static void keys_under_a_passphrase_open_with_it_only(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_signer *none = NULL;
	struct signing signing;
	open_signer(&signing, "keys", "geheim");
	assert_problem(km_signer_open("keys", NULL, &signing.clock, &none, &problem), &problem, KM_UNPROVEN,
	               "passphrase-missing");
	assert_problem(km_signer_open("keys", "anders", &signing.clock, &none, &problem), &problem, KM_UNPROVEN,
	               "passphrase-wrong");
	assert_null(none);
	close_signer(&signing);
}

static void a_folder_that_others_can_look_into_is_refused(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_signer *none = NULL;
	struct signing signing;
	open_signer(&signing, "keys", NULL);
	assert_int_equal(chmod("keys", 0750), 0);
	assert_problem(km_signer_open("keys", NULL, &signing.clock, &none, &problem), &problem, KM_FORBIDDEN,
	               "permissions");
	assert_contains(problem.message, "chmod 700 keys");
	assert_int_equal(chmod("keys", 0700), 0);
	char path[PATH_ROOM];
	private_path(entry_for(&signing.set, KM_PURPOSE_LOG), path);
	assert_int_equal(chmod(path, 0644), 0);
	assert_problem(km_signer_open("keys", NULL, &signing.clock, &none, &problem), &problem, KM_FORBIDDEN,
	               "permissions");
	assert_problem(km_signer_open("none", NULL, &signing.clock, &none, &problem), &problem, KM_ABSENT, "no-keys");
	close_signer(&signing);
}

static void a_key_in_the_wrong_place_is_refused(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_signer *none = NULL;
	struct signing signing;
	char receipt[PATH_ROOM], credential[PATH_ROOM];
	open_signer(&signing, "keys", NULL);
	private_path(entry_for(&signing.set, KM_PURPOSE_RECEIPT), receipt);
	private_path(entry_for(&signing.set, KM_PURPOSE_CREDENTIAL), credential);
	assert_int_equal(rename(receipt, "aside.pem"), 0);
	assert_problem(km_signer_open("keys", NULL, &signing.clock, &none, &problem), &problem, KM_ABSENT, "no-file");
	assert_int_equal(link(credential, receipt), 0);
	assert_problem(km_signer_open("keys", NULL, &signing.clock, &none, &problem), &problem, KM_INVALID, "other-key");
	assert_int_equal(rename("aside.pem", receipt), 0);
	assert_ok(km_signer_open("keys", NULL, &signing.clock, &none, &problem), &problem);
	km_signer_close(none);
	close_signer(&signing);
}

static void publish(const struct km_keyset *set)
{
	json_auto_t *jwks = km_keyset_jwks(set);
	auto_free char *text = km_json_text(jwks);
	km_test_write("keys/published/keys.json", text, strlen(text), 0644);
}

static void a_revoked_key_signs_no_more(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_signer *none = NULL;
	struct signing signing;
	open_signer(&signing, "keys", NULL);
	signing.set.entries[KM_PURPOSE_STATUS].revoked_at = made_at + 5;
	publish(&signing.set);
	assert_problem(km_signer_open("keys", NULL, &signing.clock, &none, &problem), &problem, KM_INVALID, "no-key");
	assert_null(none);
	close_signer(&signing);
}

static void a_key_signs_what_is_of_its_own_time(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_signer *signer = NULL;
	struct signing signing;
	open_signer(&signing, "keys", NULL);
	const int64_t last = made_at + 1000000;
	signing.set.entries[KM_PURPOSE_STATUS].not_after = last;
	publish(&signing.set);
	signing.moment = last;
	assert_ok(km_signer_open("keys", NULL, &signing.clock, &signer, &problem), &problem);
	signing.moment = last + KM_FORM_SKEW_S - 10;
	static const struct {
		int64_t moment;
		enum km_error error;
	} times[] = {{-1, KM_OK}, {0, KM_OK}, {1, KM_UNAVAILABLE}};
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		auto_free char *token = NULL, *text = status_at(last + times[i].moment);
		enum km_error error = km_signer_sign(signer, KM_FORM_STATUS, text, strlen(text), &token, &problem);
		assert_int_equal(error, times[i].error);
	}
	assert_string_equal(problem.type, "no-key");
	/* and when nothing of its time can be signed any more, it is gone */
	signing.moment = last + KM_FORM_SKEW_S + 1;
	auto_free char *token = NULL, *text = status_at(last + 1), *before = status_at(last);
	assert_problem(km_signer_sign(signer, KM_FORM_STATUS, text, strlen(text), &token, &problem), &problem,
	               KM_UNAVAILABLE, "no-key");
	signing.moment = last;
	assert_problem(km_signer_sign(signer, KM_FORM_STATUS, before, strlen(before), &token, &problem), &problem,
	               KM_UNAVAILABLE, "no-key");
	km_signer_close(signer);
	signing.moment = last + KM_FORM_SKEW_S + 1;
	assert_problem(km_signer_open("keys", NULL, &signing.clock, &signer, &problem), &problem, KM_INVALID, "no-key");
	close_signer(&signing);
}

static void *sign_often(void *context)
{
	struct signing *signing = context;
	const char *sample = samples[KM_FORM_RECEIPT];
	for (size_t i = 0; i < 50; i++) {
		auto_free char *token = NULL;
		auto_jws struct km_jws jws = {0};
		if (km_signer_sign(signing->signer, KM_FORM_RECEIPT, sample, strlen(sample), &token, NULL) != KM_OK ||
		    km_jws_parse(token, strlen(token), 10000, &jws, NULL) != KM_OK ||
		    !km_jws_verify(&jws, signing->set.entries[KM_PURPOSE_RECEIPT].public_key))
			return context;
	}
	return NULL;
}

static void many_threads_may_ask_at_once(void **state)
{
	(void)state;
	struct signing signing;
	pthread_t threads[4];
	open_signer(&signing, "keys", NULL);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, sign_often, &signing), 0);
	for (size_t i = 0; i < 4; i++) {
		void *failed = &signing;
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	close_signer(&signing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST_IN_FOLDER(a_new_folder_holds_a_key_for_each_purpose),
		KM_TEST_IN_FOLDER(what_is_there_is_left_alone),
		KM_TEST_IN_FOLDER(each_form_is_signed_by_the_key_of_its_purpose),
		KM_TEST_IN_FOLDER(no_form_passes_for_another),
		KM_TEST_IN_FOLDER(a_form_without_one_of_its_members_is_refused),
		KM_TEST_IN_FOLDER(nothing_is_signed_in_the_name_of_another),
		KM_TEST_IN_FOLDER(a_status_speaks_of_the_present_and_not_for_long),
		KM_TEST_IN_FOLDER(a_status_list_speaks_of_the_present_and_not_for_long),
		KM_TEST_IN_FOLDER(what_is_no_json_object_is_not_signed),
		KM_TEST_IN_FOLDER(nothing_is_signed_before_its_key_is_published),
		KM_TEST_IN_FOLDER(a_checkpoint_is_a_note_by_the_log),
		KM_TEST_IN_FOLDER(only_checkpoints_of_our_own_log_are_signed),
		KM_TEST_IN_FOLDER(keys_under_a_passphrase_open_with_it_only),
		KM_TEST_IN_FOLDER(a_folder_that_others_can_look_into_is_refused),
		KM_TEST_IN_FOLDER(a_key_in_the_wrong_place_is_refused),
		KM_TEST_IN_FOLDER(a_revoked_key_signs_no_more),
		KM_TEST_IN_FOLDER(a_key_signs_what_is_of_its_own_time),
		KM_TEST_IN_FOLDER(many_threads_may_ask_at_once),
	};
	return cmocka_run_group_tests_name("signer", tests, NULL, NULL);
}
