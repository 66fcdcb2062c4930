#include "tests/sample_mark.h"

#include "base/clock.h"
#include "tests/test.h"

static struct km_scheme_item item(const char *id, const char *nl, const char *en)
{
	return (struct km_scheme_item){.id = id, .name = {{nl, en}}, .text = {{"", ""}}};
}

static void make_scheme(struct sample_mark *sample)
{
	sample->services[0] = item("beheer", "Beheer op afstand", "Remote management");
	sample->services[1] = item("cloud", "Clouddiensten", "Cloud services");
	sample->level = item("2", "Niveau 2", "Level 2");
	sample->scheme = (struct km_scheme){
		.id = "mkb-ict",
		.version = 1,
		.sample = true,
		.published = "2026-11-24",
		.owner_name = "Stichting Voorbeeldkeurmerk",
		.owner_url = "https://eigenaar.example",
		.name = {{"Keurmerk ICT-dienstverlener (voorbeeld)", "ICT Service Provider Mark (sample)"}},
		.short_name = {{"ICT-keurmerk", "ICT mark"}},
		.description = {{"Een voorbeeld van een keurmerk.", "A sample of a mark."}},
		.services = sample->services,
		.services_len = 2,
		.levels = &sample->level,
		.levels_len = 1,
	};
}

static void make_period(struct km_mark *mark)
{
	mark->granted_at = mark->state_since = SAMPLE_NOW;
	mark->period = (struct km_period){
		.state = KM_ACTIVE,
		.holds_from = SAMPLE_NOW,
		.recorded_at = SAMPLE_NOW,
		.valid_from = SAMPLE_NOW,
		.valid_until = km_time_end_of_day(km_time_add_months(SAMPLE_NOW, 36)),
	};
	km_mark_lapse(&mark->period, SAMPLE_NOW, &mark->state, &mark->state_since, &mark->next_change);
}

void sample_mark_make(struct sample_mark *ret_sample)
{
	struct sample_mark *sample = ret_sample;
	memset(sample, 0, sizeof *sample);
	make_scheme(sample);
	sample->domains[0] = (struct km_domain){.name = "donald.example"};
	sample->domains[1] = (struct km_domain){.name = "xn--bcher-kva.example"};
	sample->provider = (struct km_provider){
		.id = 1,
		.kvk = "68750110",
		.euid = "NLNHR.68750110",
		.name = "Test BV Donald",
		.domains = sample->domains,
		.domains_len = 2,
		.country = "NL",
	};
	sample->body = (struct km_body){
		.id = 1,
		.slug = "voorbeeld-ci",
		.name = "Voorbeeld Certificatie B.V.",
		.accreditation = "C 999",
	};
	sample->scope[0] = &sample->services[0];
	sample->scope[1] = &sample->services[1];
	sample->audits[0] = (struct km_mark_audit){.kind = "initial", .finished = SAMPLE_NOW - 14 * 24 * 3600};
	struct km_mark *mark = &sample->mark;
	mark->id = 1;
	struct km_problem problem = {0};
	assert_ok(km_number_parse(SAMPLE_NUMBER, mark->number, &problem), &problem);
	mark->provider = &sample->provider;
	mark->body = &sample->body;
	mark->scheme = &sample->scheme;
	mark->scope = sample->scope;
	mark->scope_len = 2;
	mark->audits = sample->audits;
	mark->audits_len = 1;
	make_period(mark);
}
