#include "base/buf.h"
#include "base/clock.h"
#include "registry/member_line.h"
#include "registry/scheme.h"
#include "tests/test.h"

#include <stdlib.h>

/* One of everything; each line is known to the tests by its number. */
static const char sample[] = "{\n"                                                                                //  1
							 "  \"id\": \"proef\",\n"                                                             //  2
							 "  \"version\": 2,\n"                                                                //  3
							 "  \"sample\": true,\n"                                                              //  4
							 "  \"published\": \"2026-11-24\",\n"                                                 //  5
							 "  \"owner\": {\"name\": \"Eigenaar\", \"url\": \"https://proef.example/\"},\n"      //  6
							 "  \"name\": {\"nl\": \"Proef\", \"en\": \"Trial\"},\n"                              //  7
							 "  \"short_name\": {\"nl\": \"P\", \"en\": \"T\"},\n"                                //  8
							 "  \"description\": {\"nl\": \"Voorbeeld.\", \"en\": \"Sample.\"},\n"                //  9
							 "  \"not_promised\": {\"nl\": \"Niets.\", \"en\": \"Nothing.\"},\n"                  // 10
							 "  \"validity_months\": 24,\n"                                                       // 11
							 "  \"surveillance_months\": 6,\n"                                                    // 12
							 "  \"grace_days\": 30,\n"                                                            // 13
							 "  \"suspension_max_days\": 90,\n"                                                   // 14
							 "  \"transition\": {\"from_version\": 1, \"until\": \"2027-06-30\"},\n"              // 15
							 "  \"principles\": [{\"id\": \"pr\", \"name\": {\"nl\": \"a\", \"en\": \"b\"}}],\n"  // 16
							 "  \"assurances\": [{\"id\": \"as\", \"name\": {\"nl\": \"a\", \"en\": \"b\"}}],\n"  // 17
							 "  \"services\": [\n"                                                                // 18
							 "    {\"id\": \"een\", \"name\": {\"nl\": \"a\", \"en\": \"b\"}},\n"                 // 19
							 "    {\"id\": \"twee\", \"name\": {\"nl\": \"a\", \"en\": \"b\"}}],\n"               // 20
							 "  \"levels\": [\n"                                                                  // 21
							 "    {\"id\": \"1\", \"name\": {\"nl\": \"a\", \"en\": \"b\"}},\n"                   // 22
							 "    {\"id\": \"2\", \"name\": {\"nl\": \"a\", \"en\": \"b\"}}],\n"                  // 23
							 "  \"criteria\": [\n"                                                                // 24
							 "    {\"id\": \"A1\", \"text\": {\"nl\": \"a\", \"en\": \"b\"}, \"level\": \"1\",\n" // 25
							 "     \"assurance\": \"as\", \"principle\": \"pr\", \"mandatory\": true},\n"         // 26
							 "    {\"id\": \"A2\", \"text\": {\"nl\": \"a\", \"en\": \"b\"}, \"level\": \"2\",\n" // 27
							 "     \"assurance\": \"as\", \"services\": [\"twee\"]}]\n"                           // 28
							 "}\n";

/* The sample with one thing in it replaced; the caller's (free). */
static char *with(const char *text, const char *old, const char *new)
{
	const char *at = strstr(text, old);
	if (!at)
		fail_msg("not in the sample: %s", old);
	struct km_buf buf = KM_BUF_EMPTY;
	km_buf_add(&buf, text, (size_t)(at - text));
	km_buf_add_text(&buf, new);
	km_buf_add_text(&buf, at + strlen(old));
	return km_buf_take(&buf, NULL);
}

static struct km_scheme *parse(const char *json)
{
	struct km_problem problem = {0};
	struct km_scheme *scheme = NULL;
	assert_ok(km_scheme_parse(json, strlen(json), &scheme, &problem), &problem);
	return scheme;
}

static void everything_in_a_file_is_read(void **state)
{
	(void)state;
	auto_scheme struct km_scheme *scheme = parse(sample);
	assert_string_equal(scheme->id, "proef");
	assert_int_equal(scheme->version, 2);
	assert_true(scheme->sample);
	assert_string_equal(scheme->published, "2026-11-24");
	assert_string_equal(scheme->owner_name, "Eigenaar");
	assert_string_equal(scheme->owner_url, "https://proef.example/");
	assert_string_equal(scheme->name.in[KM_NL], "Proef");
	assert_string_equal(scheme->name.in[KM_EN], "Trial");
	assert_string_equal(scheme->not_promised.in[KM_EN], "Nothing.");
	assert_int_equal(scheme->validity_months, 24);
	assert_int_equal(scheme->surveillance_months, 6);
	assert_int_equal(scheme->grace_days, 30);
	assert_int_equal(scheme->suspension_max_days, 90);
	assert_int_equal(scheme->principles_len, 1);
	assert_int_equal(scheme->assurances_len, 1);
	assert_string_equal(scheme->assurances[0].text.in[KM_NL], "");
	assert_int_equal(scheme->services_len, 2);
	assert_int_equal(scheme->levels_len, 2);
	assert_int_equal(scheme->criteria_len, 2);
	const struct km_criterion *first = &scheme->criteria[0], *second = &scheme->criteria[1];
	assert_string_equal(first->id, "A1");
	assert_ptr_equal(first->assurance, &scheme->assurances[0]);
	assert_ptr_equal(first->principle, &scheme->principles[0]);
	assert_true(first->mandatory);
	assert_int_equal(first->services_len, 0);
	assert_int_equal(first->level, 0);
	assert_null(second->principle);
	assert_false(second->mandatory);
	assert_int_equal(second->services_len, 1);
	assert_string_equal(second->services[0], "twee");
	assert_int_equal(second->level, 1);
	assert_int_equal(scheme->json_len, strlen(sample));
	assert_string_equal(scheme->json, sample);
}

static void a_transition_ends_with_its_day(void **state)
{
	(void)state;
	int64_t last_second;
	assert_true(km_time_parse("2027-06-30T21:59:59Z", &last_second));
	auto_scheme struct km_scheme *scheme = parse(sample);
	assert_int_equal(scheme->transition_from, 1);
	assert_int_equal(scheme->transition_until, last_second);
	auto_free char *without = with(sample, "\"transition\": {\"from_version\": 1, \"until\": \"2027-06-30\"},", "");
	auto_scheme struct km_scheme *other = parse(without);
	assert_int_equal(other->transition_from, 0);
	assert_int_equal(other->transition_until, 0);
}

/* Each way to get it wrong, where that is said to be, and what is said about it. */
static const struct {
	const char *old, *new, *words;
} faults[] = {
	{"\"proef\"", "\"Proef\"", "line 2: id: \"Proef\" cannot be an id; expected"},
	{"\"proef\"", "\"-proef\"", "line 2: id: "},
	{"\"proef\"", "\"proef-\"", "line 2: id: "},
	{"\"proef\"", "\"a2345678901234567890123456789012345678901\"", "line 2: id: "},
	{"  \"id\": \"proef\",\n", "", "line 1: id: this member is missing"},
	{"\"version\": 2", "\"version\": 0", "line 3: version: a whole number from 1 to 9999 is expected"},
	{"\"version\": 2", "\"version\": \"2\"", "line 3: version: a whole number"},
	{"\"version\": 2", "\"version\": 2.0", "line 3: version: a whole number"},
	{"\"sample\": true", "\"sample\": \"true\"", "line 4: sample: true or false is expected"},
	{"2026-11-24", "2026-11-31", "line 5: published: \"2026-11-31\" is no date; expected one like 2026-11-24"},
	{"2026-11-24", "24-11-2026", "line 5: published: "},
	{"https://proef", "http://proef", "line 6: owner.url: this is no web address"},
	{"https://proef.example/", "https://proef.example/\\\"x", "line 6: owner.url: "},
	{"\"name\": \"Eigenaar\"", "\"naam\": \"Eigenaar\"",
     "line 6: owner.naam: there is no such member; expected one of: name, url"},
	{"{\"name\": \"Eigenaar\", \"url\": \"https://proef.example/\"}", "\"Eigenaar\"",
     "line 6: owner: an object is expected"},
	{", \"en\": \"Trial\"", "", "line 7: name.en: this member is missing"},
	{"\"en\": \"Trial\"", "\"en\": \"\"", "line 7: name.en: the text is empty"},
	{"\"en\": \"Trial\"", "\"en\": \"a\\u0007\"", "line 7: name.en: the text has a control character"},
	{"\"en\": \"Trial\"", "\"en\": \"T\", \"fr\": \"E\"",
     "line 7: name.fr: there is no such member; expected one of: nl, en"},
	{"\"nl\": \"P\"", "\"nl\": \"1234567890123456789012345678901\"",
     "line 8: short_name.nl: the text has 31 characters"},
	{"\"description\"", "\"descriptoin\"",
     "line 9: descriptoin: there is no such member; expected one of: id, version"},
	{"{\"nl\": \"Niets.\", \"en\": \"Nothing.\"}", "null", "line 10: not_promised: this member is missing"},
	{"\"validity_months\": 24", "\"validity_months\": 0", "line 11: validity_months: a whole number from 1 to 120"},
	{"\"validity_months\": 24", "\"validity_months\": 121", "line 11: validity_months: a whole number from 1 to 120"},
	{"\"surveillance_months\": 6", "\"surveillance_months\": 24",
     "line 12: surveillance_months: a whole number from 0 to 23"},
	{"\"grace_days\": 30", "\"grace_days\": -1", "line 13: grace_days: a whole number from 0 to 366"},
	{"\"suspension_max_days\": 90", "\"suspension_max_days\": 0",
     "line 14: suspension_max_days: a whole number from 1 to 732"},
	{"\"from_version\": 1", "\"from_version\": 2", "line 15: transition.from_version: a whole number from 1 to 1"},
	{"\"version\": 2", "\"version\": 1", "line 15: transition: version 1 has no older one"},
	{"2027-06-30", "2026-11-24", "line 15: transition.until: this day must come after"},
	{"2027-06-30", "2027-06-31", "line 15: transition.until: \"2027-06-31\" is no date"},
	{", \"until\"", ", \"til\"", "line 15: transition.til: there is no such member"},
	{"{\"from_version\": 1, \"until\": \"2027-06-30\"}", "1", "line 15: transition: an object is expected"},
	{"\"id\": \"pr\"", "\"id\": \"PR\"", "line 16: principles[0].id: \"PR\" cannot be an id"},
	{"[{\"id\": \"pr\", \"name\": {\"nl\": \"a\", \"en\": \"b\"}}]", "{}", "line 16: principles: a list is expected"},
	{"[{\"id\": \"pr\", \"name\": {\"nl\": \"a\", \"en\": \"b\"}}]", "[\"pr\"]",
     "line 16: principles[0]: an object is expected"},
	{"[{\"id\": \"as\", \"name\": {\"nl\": \"a\", \"en\": \"b\"}}]", "[]",
     "line 17: assurances: the list has 0 elements"},
	{"{\"id\": \"as\", ", "{\"id\": \"as\", \"kleur\": 1, ", "line 17: assurances[0].kleur: there is no such member"},
	{"\"id\": \"twee\"", "\"id\": \"een\"", "line 20: services[1].id: \"een\" stands in this list already"},
	{"{\"id\": \"twee\", ", "{", "line 20: services[1].id: this member is missing"},
	{"\"id\": \"2\"", "\"id\": \"1\"", "line 23: levels[1].id: \"1\" stands in this list already"},
	{"\"A1\"", "\"a1\"", "line 25: criteria[0].id: \"a1\" cannot be a criterion's id; expected a capital"},
	{"\"A1\"", "\"A1.\"", "line 25: criteria[0].id: "},
	{"\"A1\"", "\"A2345678901234567\"", "line 25: criteria[0].id: "},
	{"\"A2\"", "\"A1\"", "line 27: criteria[1].id: \"A1\" is the id of criteria[0] already"},
	{", \"level\": \"1\"", "", "line 25: criteria[0].level: this member is missing"},
	{"\"level\": \"1\"", "\"level\": 1", "line 25: criteria[0].level: a text between quotes is expected"},
	{"\"level\": \"1\"", "\"level\": \"3\"",
     "line 25: criteria[0].level: there is no \"3\" among the levels; expected one of: 1, 2"},
	{"\"assurance\": \"as\"", "\"assurance\": \"sa\"",
     "line 26: criteria[0].assurance: there is no \"sa\" among the assurances; expected one of: as"},
	{"\"assurance\": \"as\", ", "", "line 25: criteria[0].assurance: this member is missing"},
	{"\"principle\": \"pr\"", "\"principle\": \"as\"",
     "line 26: criteria[0].principle: there is no \"as\" among the principles; expected one of: pr"},
	{"\"mandatory\": true", "\"mandatory\": 1", "line 26: criteria[0].mandatory: true or false is expected"},
	{"\"mandatory\": true", "\"verplicht\": true",
     "line 26: criteria[0].verplicht: there is no such member; expected one of: id, text"},
	{"[\"twee\"]", "\"twee\"", "line 28: criteria[1].services: a list is expected"},
	{"[\"twee\"]", "[]", "line 28: criteria[1].services: the list has 0 elements"},
	{"[\"twee\"]", "[1]", "line 28: criteria[1].services[0]: the id of a service"},
	{"[\"twee\"]", "[\"een\", \"drie\"]",
     "line 28: criteria[1].services[1]: there is no \"drie\" among the services; expected one of: een, twee"},
	{"[\"twee\"]", "[\"een\", \"een\"]", "line 28: criteria[1].services[1]: \"een\" stands in this list already"},
	{"\"A2\", \"text\": {\"nl\": \"a\", \"en\": \"b\"}", "\"A2\", \"text\": \"a\"",
     "line 27: criteria[1].text: an object is expected"},
	{"\"as\", \"name\": {\"nl\": \"a\", \"en\": \"b\"}}]",
     "\"as\", \"name\": {\"nl\": \"a\", \"en\": \"b\"}}, {\"id\": \"leeg\", \"name\": {\"nl\": \"a\", \"en\": \"b\"}}]",
     "line 17: assurances[1]: no criterion backs this assurance"},
	{"\"level\": \"1\"", "\"level\": \"2\"",
     "line 19: services[0]: no criterion is demanded of a provider with only this service at the lowest level"},
	{"\"mandatory\": true", "\"services\": [\"een\"]", "line 20: services[1]: no criterion is demanded"},
	{"\"level\": \"2\"", "\"level\": \"1\"", "line 23: levels[1]: no criterion begins at this level"},
};

static void each_fault_is_told_with_its_line_and_member(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		auto_free char *json = with(sample, faults[i].old, faults[i].new);
		struct km_problem problem = {0};
		struct km_scheme *scheme = NULL;
		enum km_error error = km_scheme_parse(json, strlen(json), &scheme, &problem);
		if (error != KM_INVALID || problem.code != KM_INVALID || strcmp(problem.type, "scheme") != 0 || scheme)
			fail_msg("%s -> %s: error %d", faults[i].old, faults[i].new, (int)error);
		if (strncmp(problem.message, faults[i].words, strlen(faults[i].words)) != 0)
			fail_msg("%s -> %s: %s", faults[i].old, faults[i].new, problem.message);
	}
}

static void a_scheme_without_levels_takes_none_in_its_criteria(void **state)
{
	(void)state;
	auto_free char *one = with(sample, "\"levels\": [", "\"levels\": [], \"services\": [");
	auto_free char *two = with(one, "\"services\": [", "\"x\": [");
	struct km_problem problem = {0};
	struct km_scheme *scheme = NULL;
	auto_free char *three = with(two,
	                             "  \"x\": [\n    {\"id\": \"een\", \"name\": {\"nl\": \"a\", \"en\": \"b\"}},\n"
	                             "    {\"id\": \"twee\", \"name\": {\"nl\": \"a\", \"en\": \"b\"}}],\n",
	                             "");
	auto_free char *four = with(three, "\"id\": \"1\"", "\"id\": \"een\"");
	auto_free char *five = with(four, "\"id\": \"2\"", "\"id\": \"twee\"");
	assert_problem(km_scheme_parse(five, strlen(five), &scheme, &problem), &problem, KM_INVALID, "scheme");
	assert_contains(problem.message, "criteria[0].level: this scheme has no levels: leave this member out");
	auto_free char *six = with(five, ", \"level\": \"1\"", "");
	auto_free char *seven = with(six, ", \"level\": \"2\"", "");
	auto_scheme struct km_scheme *flat = parse(seven);
	assert_int_equal(flat->levels_len, 0);
	assert_int_equal(flat->criteria[1].level, 0);
}

static void text_that_is_no_strict_json_is_refused_with_its_line(void **state)
{
	(void)state;
	static const struct {
		const char *old, *new, *words;
	} broken[] = {
		{"\"version\": 2,", "\"version\": 2", "line 4"},
		{"\"version\": 2,", "\"version\": 2, \"version\": 2,", "line 3"},
		{"Eigenaar", "Eigen\xff", "line 6"},
		{"}\n", "} {}", "line"},
	};
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		auto_free char *json = with(sample, broken[i].old, broken[i].new);
		struct km_problem problem = {0};
		struct km_scheme *scheme = NULL;
		assert_problem(km_scheme_parse(json, strlen(json), &scheme, &problem), &problem, KM_MALFORMED, "json");
		assert_contains(problem.message, broken[i].words);
		assert_null(scheme);
	}
}

static void a_file_over_the_bound_is_refused_and_one_at_it_is_not(void **state)
{
	(void)state;
	auto_free char *padded = malloc(KM_SCHEME_FILE_MAX + 1);
	assert_non_null(padded);
	memset(padded, ' ', KM_SCHEME_FILE_MAX + 1);
	memcpy(padded, sample, strlen(sample));
	struct km_problem problem = {0};
	auto_scheme struct km_scheme *scheme = NULL;
	assert_problem(km_scheme_parse(padded, KM_SCHEME_FILE_MAX + 1, &scheme, &problem), &problem, KM_TOO_LARGE,
	               "too-large");
	assert_null(scheme);
	assert_ok(km_scheme_parse(padded, KM_SCHEME_FILE_MAX, &scheme, &problem), &problem);
}

struct told {
	size_t count;
	char text[8192];
};

static void tell(void *context, const char *fault)
{
	struct told *told = context;
	if (told->count++ < 20) {
		strncat(told->text, fault, sizeof told->text - strlen(told->text) - 2);
		strcat(told->text, "\n");
	}
}

static void a_check_tells_every_fault_and_parse_the_first(void **state)
{
	(void)state;
	auto_free char *one = with(sample, "\"version\": 2", "\"version\": 0");
	auto_free char *two = with(one, "\"en\": \"Trial\"", "\"en\": 7");
	auto_free char *three = with(two, "[\"twee\"]", "[\"drie\", \"vier\"]");
	struct told told = {0};
	struct km_problem problem = {0};
	assert_problem(km_scheme_check(three, strlen(three), tell, &told, &problem), &problem, KM_INVALID, "scheme");
	assert_int_equal(told.count, 4);
	assert_contains(told.text, "line 3: version: ");
	assert_contains(told.text, "line 7: name.en: ");
	assert_contains(told.text, "line 28: criteria[1].services[0]: there is no \"drie\"");
	assert_contains(told.text, "line 28: criteria[1].services[1]: there is no \"vier\"");
	assert_contains(problem.message, "line 3: version: ");
}

static void a_check_tells_of_json_that_is_broken_and_nothing_of_a_good_file(void **state)
{
	(void)state;
	struct told told = {0};
	struct km_problem problem = {0};
	assert_ok(km_scheme_check(sample, strlen(sample), tell, &told, &problem), &problem);
	assert_int_equal(told.count, 0);
	assert_problem(km_scheme_check("{", 1, tell, &told, &problem), &problem, KM_MALFORMED, "json");
	assert_int_equal(told.count, 1);
	assert_contains(told.text, "line 1");
}

static void a_file_full_of_faults_is_told_of_up_to_a_bound(void **state)
{
	(void)state;
	struct km_buf many = KM_BUF_EMPTY;
	km_buf_add_text(&many, "{");
	for (int i = 0; i < 5000; i++)
		km_buf_add_format(&many, "\"x%d\": 0,\n", i);
	km_buf_add_text(&many, "\"id\": \"proef\"}");
	struct told told = {0};
	struct km_problem problem = {0};
	assert_problem(km_scheme_check(many.data, many.len, tell, &told, &problem), &problem, KM_INVALID, "scheme");
	assert_int_equal(told.count, KM_SCHEME_FAULTS_MAX);
	km_buf_free(&many);
}

static void lines_are_those_of_the_member(void **state)
{
	(void)state;
	static const char json[] =
		"\n{ \"a\" : [ 1, \"]}\\\"\\\\\",\n [ {}, [] ],\n { \"b\":\n { \"c\" : null\n , \"d\": true } } ]\n}";
	static const struct {
		const char *path;
		int line;
	} paths[] = {
		{"", 2},       {"a", 2},        {"a[1]", 2},     {"a[2]", 3},     {"a[2][1]", 3}, {"a[3]", 4},
		{"a[3].b", 4}, {"a[3].b.c", 5}, {"a[3].b.d", 6}, {"a[3].b.e", 4}, {"a[4]", 2},    {"a[3].x.c", 4},
		{"a[1].c", 2}, {"z", 2},        {"a[", 2},       {"a[x]", 2},     {".", 2},       {"a[2][0].q", 3},
	};
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		if (km_member_line(json, strlen(json), paths[i].path) != paths[i].line)
			fail_msg("%s: line %d", paths[i].path, km_member_line(json, strlen(json), paths[i].path));
	/* Cut anywhere, it stays within the text. */
	for (size_t len = 0; len <= strlen(json); len++) {
		auto_free char *cut = malloc(len ? len : 1);
		assert_non_null(cut);
		memcpy(cut, json, len);
		for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
			assert_in_range(km_member_line(cut, len, paths[i].path), 1, 7);
	}
}

static void a_criterion_is_asked_of_its_services_only(void **state)
{
	(void)state;
	auto_scheme struct km_scheme *scheme = parse(sample);
	const struct km_scheme_item *een = km_scheme_service(scheme, "een"), *twee = km_scheme_service(scheme, "twee");
	const struct km_scheme_item *top = km_scheme_level(scheme, "2");
	const struct km_scheme_item *first[] = {een}, *both[] = {een, twee};
	assert_non_null(een);
	assert_null(km_scheme_service(scheme, "drie"));
	assert_null(km_scheme_level(scheme, "een"));
	assert_true(km_scheme_asks(scheme, &scheme->criteria[0], first, 1, top));
	assert_false(km_scheme_asks(scheme, &scheme->criteria[1], first, 1, top));
	assert_true(km_scheme_asks(scheme, &scheme->criteria[1], both, 2, top));
	assert_false(km_scheme_asks(scheme, &scheme->criteria[1], both, 0, top));
}

static void a_criterion_is_asked_from_its_level_up(void **state)
{
	(void)state;
	auto_scheme struct km_scheme *scheme = parse(sample);
	const struct km_scheme_item *scope[] = {km_scheme_service(scheme, "twee")};
	const struct km_scheme_item *low = km_scheme_level(scheme, "1"), *high = km_scheme_level(scheme, "2");
	assert_true(km_scheme_asks(scheme, &scheme->criteria[0], scope, 1, low));
	assert_true(km_scheme_asks(scheme, &scheme->criteria[0], scope, 1, high));
	assert_false(km_scheme_asks(scheme, &scheme->criteria[1], scope, 1, low));
	assert_true(km_scheme_asks(scheme, &scheme->criteria[1], scope, 1, high));
	/* With no level given, the most is asked. */
	assert_true(km_scheme_asks(scheme, &scheme->criteria[1], scope, 1, NULL));
}

static void the_schemes_that_ship_are_without_fault_and_differ(void **state)
{
	(void)state;
	size_t count = 0, len;
	const char *name, *json;
	for (; (json = km_scheme_shipped(count, &len, &name)); count++) {
		struct told told = {0};
		struct km_problem problem = {0};
		if (km_scheme_check(json, len, tell, &told, &problem))
			fail_msg("%s: %s", name, told.text);
		auto_scheme struct km_scheme *scheme = parse(json);
		assert_int_equal(scheme->json_len, len);
		assert_int_equal(strncmp(name, scheme->id, strlen(scheme->id)), 0);
		assert_string_equal(name + strlen(scheme->id), ".json");
		assert_true(scheme->sample);
		assert_int_equal(scheme->version, 1);
		assert_contains(scheme->description.in[KM_NL], "Voorbeeld");
		assert_contains(scheme->description.in[KM_EN], "Sample");
	}
	assert_int_equal(count, 2);
	json = km_scheme_shipped(0, &len, &name);
	auto_scheme struct km_scheme *mark = parse(json);
	json = km_scheme_shipped(1, &len, &name);
	auto_scheme struct km_scheme *levelled = parse(json);
	assert_string_equal(mark->id, "mkb-ict");
	assert_int_equal(mark->assurances_len, 3);
	assert_int_equal(mark->principles_len, 5);
	assert_int_equal(mark->levels_len, 0);
	assert_int_equal(mark->validity_months, 36);
	assert_int_equal(mark->surveillance_months, 12);
	assert_int_equal(mark->grace_days, 60);
	assert_int_equal(mark->suspension_max_days, 180);
	assert_int_equal(levelled->levels_len, 3);
	assert_int_equal(levelled->principles_len, 0);
	assert_int_not_equal(levelled->validity_months, mark->validity_months);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(everything_in_a_file_is_read),
		KM_TEST(a_transition_ends_with_its_day),
		KM_TEST(each_fault_is_told_with_its_line_and_member),
		KM_TEST(a_scheme_without_levels_takes_none_in_its_criteria),
		KM_TEST(text_that_is_no_strict_json_is_refused_with_its_line),
		KM_TEST(a_file_over_the_bound_is_refused_and_one_at_it_is_not),
		KM_TEST(a_check_tells_every_fault_and_parse_the_first),
		KM_TEST(a_check_tells_of_json_that_is_broken_and_nothing_of_a_good_file),
		KM_TEST(a_file_full_of_faults_is_told_of_up_to_a_bound),
		KM_TEST(lines_are_those_of_the_member),
		KM_TEST(a_criterion_is_asked_of_its_services_only),
		KM_TEST(a_criterion_is_asked_from_its_level_up),
		KM_TEST(the_schemes_that_ship_are_without_fault_and_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
