#include "cli/sample.h"

#include "cli/story.h"
#include "registry/body.h"
#include "registry/person.h"
#include "registry/provider.h"
#include "registry/scheme.h"

#include <stdlib.h>
#include <string.h>

#define BODY KM_SAMPLE_BODY

enum {
	STORY_MONTHS = 42,      /* the registry is that old */
	AUDIT_LEAD_DAYS = 4,    /* an audit is handed in so long before the decision on it */
	SURVEY_EARLY_DAYS = 21, /* and surveillance so long before it is due, each time */
	SCOPE_MAX = 4,
	STEPS_MAX = 64,
	SCHEMES_MAX = 4,
	WORKING_HOUR_S = 10 * 3600,
};

/* The companies that the Chamber of Commerce made up for tests. */
static const struct km_provider providers[] = {
	{.kvk = "68750110",
     .name = "Test BV Donald",
     .city = "Utrecht",
     .region = "NL-UT",
     .domains = (const struct km_domain[]){{.name = "testbvdonald.example"}},
     .domains_len = 1},
	{.kvk = "68727720",
     .name = "Test NV Katrien",
     .city = "Rotterdam",
     .region = "NL-ZH",
     .domains = (const struct km_domain[]){{.name = "testnvkatrien.example"}},
     .domains_len = 1},
	{.kvk = "69599084",
     .name = "Test EMZ Dagobert",
     .city = "Amsterdam",
     .region = "NL-NH",
     .domains = (const struct km_domain[]){{.name = "testemzdagobert.example"}},
     .domains_len = 1},
	{.kvk = "69599076",
     .name = "Test VOF Guus",
     .city = "Groningen",
     .region = "NL-GR",
     .domains = (const struct km_domain[]){{.name = "testvofguus.example"}},
     .domains_len = 1},
	{.kvk = "69599068",
     .name = "Test Stichting Bolderbast",
     .city = "Eindhoven",
     .region = "NL-NB",
     .domains = (const struct km_domain[]){{.name = "teststichtingbolderbast.example"}},
     .domains_len = 1},
};

/* What becomes of a mark, of one of those; scheme, level and services are ids of the schemes that ship. Surveillance in
 * between goes by itself. */
struct plot {
	const char *name, *about;
	const char *kvk, *scheme, *level;
	const char *scope[SCOPE_MAX];
	int granted_months, granted_days; /* so many months back, and then so many days on */
	int ending_days;                  /* the last decision, so many days back; 0 for none */
	const char *ending, *reason, *nl, *en;
	const char *scope_left[SCOPE_MAX]; /* reduce */
};

static const struct plot plots[KM_SAMPLE_MARKS] = {
	{.name = "donald",
     .about = "active",
     .kvk = "68750110",
     .scheme = "mkb-ict",
     .scope = {"beheer", "werkplek", "cloud", "back-up"},
     .granted_months = 16},
	{.name = "katrien",
     .about = "suspended",
     .kvk = "68727720",
     .scheme = "mkb-ict",
     .scope = {"cloud", "hosting", "netwerk"},
     .granted_months = 20,
     .ending_days = 30,
     .ending = "suspend",
     .reason = "measures-not-kept",
     .nl =
         "Bij een controle bleek dat back-ups al maanden niet waren getest. De leverancier moet dit eerst herstellen.",
     .en = "A check showed that back-ups had not been tested for months. The provider must put this right first."},
	{.name = "dagobert",
     .about = "withdrawn",
     .kvk = "69599084",
     .scheme = "mkb-ict",
     .scope = {"software", "advies"},
     .granted_months = 14,
     .ending_days = 75,
     .ending = "withdraw",
     .reason = "misleading-use",
     .nl = "De leverancier gebruikte het keurmerk voor diensten waarvoor het niet was gegeven.",
     .en = "The provider used the mark for services for which it had not been granted."},
	{.name = "guus",
     .about = "about to expire",
     .kvk = "69599076",
     .scheme = "mkb-ict",
     .scope = {"beheer", "monitoring"},
     .granted_months = 36,
     .granted_days = 12},
	{.name = "bolderbast",
     .about = "active, for fewer services than before",
     .kvk = "69599068",
     .scheme = "mkb-ict",
     .scope = {"advies", "training", "hosting"},
     .granted_months = 9,
     .ending_days = 40,
     .ending = "reduce",
     .reason = "service-ended",
     .nl = "De leverancier biedt geen hosting meer aan.",
     .en = "The provider no longer offers hosting.",
     .scope_left = {"advies", "training"}},
	{.name = "donald-rijpheid",
     .about = "active, of a scheme with levels",
     .kvk = "68750110",
     .scheme = "rijpheid",
     .level = "2",
     .scope = {"kantoor", "webwinkel"},
     .granted_months = 4},
};

/* ------------------------------------------------------------------------------------------------------ the script */

enum act { GRANT, MAINTAIN, ENDING };

struct step {
	int64_t at; /* of the decision, or of the audit before it */
	size_t plot;
	enum act act;
	bool audit;
};

struct script {
	struct step steps[STEPS_MAX];
	size_t len;
};

struct player {
	struct km_story story;
	struct km_scheme *schemes[SCHEMES_MAX];
	size_t schemes_len;
	struct km_key *auditor, *decider;
	char audits[KM_SAMPLE_MARKS][KM_SUBMISSION_ID_TEXT]; /* the last audit of each mark */
	struct km_sample_mark *marks;
};

static const struct km_scheme *scheme_named(const struct player *player, const char *id)
{
	for (size_t i = 0; i < player->schemes_len; i++)
		if (strcmp(player->schemes[i]->id, id) == 0)
			return player->schemes[i];
	return NULL;
}

/* People decide in the daytime. */
static int64_t working_hour(int64_t moment)
{
	return km_time_end_of_day(km_time_add_days(moment, -1)) + 1 + WORKING_HOUR_S;
}

static void add(struct script *script, struct step step)
{
	if (script->len < STEPS_MAX)
		script->steps[script->len++] = step;
}

static void add_with_audit(struct script *script, size_t plot, enum act act, int64_t at)
{
	add(script, (struct step){working_hour(km_time_add_days(at, -AUDIT_LEAD_DAYS)), plot, act, true});
	add(script, (struct step){working_hour(at), plot, act, false});
}

static void write_plot(struct script *script, size_t n, const struct km_scheme *scheme, int64_t now)
{
	const struct plot *plot = &plots[n];
	int64_t granted = km_time_add_days(km_time_add_months(now, -plot->granted_months), plot->granted_days);
	int64_t end = plot->ending ? km_time_add_days(now, -plot->ending_days) : now;
	add_with_audit(script, n, GRANT, granted);
	for (int i = 1; scheme->surveillance_months; i++) {
		int64_t due = km_time_add_months(granted, i * scheme->surveillance_months);
		int64_t at = km_time_add_days(due, -i * SURVEY_EARLY_DAYS);
		if (at >= km_time_add_days(end, -1))
			break;
		add_with_audit(script, n, MAINTAIN, at);
	}
	if (plot->ending)
		add(script, (struct step){working_hour(end), n, ENDING, false});
}

static int earlier(const void *a, const void *b)
{
	int64_t x = ((const struct step *)a)->at, y = ((const struct step *)b)->at;
	return (x > y) - (x < y);
}

/* ----------------------------------------------------------------------------------------------------- submissions */

static json_t *services(const char *const scope[static SCOPE_MAX])
{
	json_t *array = json_array();
	for (size_t i = 0; i < SCOPE_MAX && scope[i]; i++)
		json_array_append_new(array, json_string(scope[i]));
	return array;
}

/* Conform on all that is asked. */
static json_t *findings(const struct km_scheme *scheme, const struct plot *plot)
{
	const struct km_scheme_item *scope[SCOPE_MAX];
	size_t len = 0;
	for (; len < SCOPE_MAX && plot->scope[len]; len++)
		scope[len] = km_scheme_service(scheme, plot->scope[len]);
	const struct km_scheme_item *level = plot->level ? km_scheme_level(scheme, plot->level) : NULL;
	json_t *array = json_array();
	for (size_t i = 0; i < scheme->criteria_len; i++)
		if (km_scheme_asks(scheme, &scheme->criteria[i], scope, len, level))
			json_array_append_new(array,
			                      json_pack("{s:s, s:s}", "criterion", scheme->criteria[i].id, "result", "conform"));
	return array;
}

static json_t *audit_content(const struct player *player, const struct step *step)
{
	const struct plot *plot = &plots[step->plot];
	const struct km_scheme *scheme = scheme_named(player, plot->scheme);
	char started[KM_DATE_TEXT], finished[KM_DATE_TEXT];
	km_date_format(km_time_add_days(step->at, -8), started);
	km_date_format(km_time_add_days(step->at, -1), finished);
	return json_pack("{s:s, s:{s:s, s:s, s:i, s:s, s:s, s:s, s:o, s:s*, s:o, s:[], s:s}}", "type", "audit", "audit",
	                 "provider", plot->kvk, "scheme", scheme->id, "version", scheme->version, "kind",
	                 step->act == GRANT ? "initial" : "surveillance", "started", started, "finished", finished, "scope",
	                 services(plot->scope), "level", plot->level, "findings", findings(scheme, plot), "evidence",
	                 "recommendation", step->act == GRANT ? "grant" : "maintain");
}

static json_t *decision_content(const struct player *player, const struct step *step)
{
	const struct plot *plot = &plots[step->plot];
	const char *audit = player->audits[step->plot], *mark = player->marks[step->plot].number;
	if (step->act == GRANT)
		return json_pack("{s:s, s:{s:s, s:s}}", "type", "decision", "decision", "action", "grant", "audit", audit);
	if (step->act == MAINTAIN)
		return json_pack("{s:s, s:{s:s, s:s, s:s}}", "type", "decision", "decision", "action", "maintain", "audit",
		                 audit, "mark", mark);
	return json_pack("{s:s, s:{s:s, s:s, s:s, s:{s:s, s:s}, s:o*}}", "type", "decision", "decision", "action",
	                 plot->ending, "mark", mark, "reason", plot->reason, "text", "nl", plot->nl, "en", plot->en,
	                 "scope", plot->scope_left[0] ? services(plot->scope_left) : NULL);
}

static enum km_error play_step(struct player *player, const struct step *step, struct km_problem *problem)
{
	json_auto_t *reply = NULL;
	player->story.now = step->at;
	json_t *content = step->audit ? audit_content(player, step) : decision_content(player, step);
	const struct km_key *key = step->audit ? player->auditor : player->decider;
	enum km_error error = km_story_submit(&player->story, key, content, &reply, problem);
	if (error) {
		km_problem_prefix(problem, "the sample “%s”", plots[step->plot].name);
		return error;
	}
	const char *id = json_string_value(json_object_get(reply, "id"));
	const char *mark = json_string_value(json_object_get(reply, "mark"));
	if (step->audit && id)
		snprintf(player->audits[step->plot], sizeof player->audits[step->plot], "%s", id);
	if (step->act == GRANT && mark)
		snprintf(player->marks[step->plot].number, KM_NUMBER_TEXT, "%s", mark);
	return KM_OK;
}

/* ------------------------------------------------------------------------------------------------- before it begins */

static enum km_error publish_schemes(struct player *player, struct km_problem *problem)
{
	const char *json, *name;
	size_t len = 0;
	for (size_t i = 0; i < SCHEMES_MAX && (json = km_scheme_shipped(i, &len, &name)); i++) {
		enum km_error error = km_scheme_parse(json, len, &player->schemes[i], problem);
		if (!error) {
			player->schemes_len = i + 1;
			error = km_scheme_add(player->story.store, player->schemes[i], player->story.now, problem);
		}
		if (error)
			return error;
	}
	for (size_t i = 0; i < KM_SAMPLE_MARKS; i++)
		if (!scheme_named(player, plots[i].scheme))
			return km_fail(problem, KM_BUG, "sample", "the sample asks for a scheme “%s” that does not ship",
			               plots[i].scheme);
	return KM_OK;
}

static enum km_error add_body(struct player *player, struct km_problem *problem)
{
	const char *schemes[SCHEMES_MAX];
	for (size_t i = 0; i < player->schemes_len; i++)
		schemes[i] = player->schemes[i]->id;
	const struct km_body body = {
		.slug = BODY,
		.name = "Voorbeeld Certificatie",
		.accreditation = "VOORBEELD-000",
		.city = "Den Haag",
		.schemes = schemes,
		.schemes_len = player->schemes_len,
	};
	return km_body_add(player->story.store, &body, player->story.now, problem);
}

/* What the operator does, in one transaction. */
static enum km_error set_up(struct player *player, struct km_problem *problem)
{
	struct km_store *store = player->story.store;
	enum km_error error = km_store_begin(store, problem);
	if (!error)
		error = publish_schemes(player, problem);
	if (!error)
		error = add_body(player, problem);
	for (size_t i = 0; !error && i < sizeof providers / sizeof *providers; i++)
		error = km_provider_add(store, &providers[i], NULL, player->story.now, problem);
	if (!error)
		error = km_store_commit(store, problem);
	if (error)
		km_store_rollback(store);
	return error;
}

static enum km_error play(struct player *player, int64_t now, struct km_problem *problem)
{
	struct script script = {0};
	enum km_error error = set_up(player, problem);
	if (!error)
		error = km_story_enrol(&player->story, BODY, "Anna Auditor (voorbeeld)", KM_ROLE_AUDITOR, &player->auditor,
		                       problem);
	if (!error)
		error = km_story_enrol(&player->story, BODY, "Bram Beslisser (voorbeeld)", KM_ROLE_DECIDER, &player->decider,
		                       problem);
	for (size_t i = 0; !error && i < KM_SAMPLE_MARKS; i++)
		write_plot(&script, i, scheme_named(player, plots[i].scheme), now);
	qsort(script.steps, script.len, sizeof *script.steps, earlier);
	for (size_t i = 0; !error && i < script.len; i++)
		error = play_step(player, &script.steps[i], problem);
	return error;
}

static enum km_error look_back(struct player *player, int64_t now, struct km_problem *problem)
{
	for (size_t i = 0; i < KM_SAMPLE_MARKS; i++) {
		auto_mark struct km_mark *mark = NULL;
		enum km_error error = km_mark_get(player->story.store, player->marks[i].number, now, &mark, problem);
		if (error)
			return error;
		player->marks[i].state = mark->state;
	}
	return KM_OK;
}

static const char *provider_name(const char *kvk)
{
	size_t i = 0;
	while (strcmp(providers[i].kvk, kvk) != 0)
		i++;
	return providers[i].name;
}

enum km_error km_sample_make(const struct km_home *home, const char *url, int64_t now,
                             struct km_sample_mark ret_marks[static KM_SAMPLE_MARKS], struct km_problem *problem)
{
	struct km_sample_mark marks[KM_SAMPLE_MARKS] = {0};
	struct player player = {.marks = marks};
	for (size_t i = 0; i < KM_SAMPLE_MARKS; i++) {
		marks[i].name = plots[i].name;
		marks[i].about = plots[i].about;
		marks[i].provider = provider_name(plots[i].kvk);
	}
	int64_t start = km_time_add_months(now, -STORY_MONTHS);
	enum km_error error = km_home_make(home, url, NULL, NULL, start, problem);
	if (!error)
		error = km_story_begin(home, start, &player.story, problem);
	if (!error)
		error = play(&player, now, problem);
	if (!error)
		error = look_back(&player, now, problem);
	if (!error)
		memcpy(ret_marks, marks, sizeof marks);
	km_key_free(player.auditor);
	km_key_free(player.decider);
	for (size_t i = 0; i < SCHEMES_MAX; i++)
		km_scheme_free(player.schemes[i]);
	km_story_done(&player.story);
	return error;
}
