#include "base/clock.h"
#include "cli/command.h"
#include "cli/home.h"
#include "cli/say.h"
#include "registry/figures.h"
#include "registry/lapse.h"

static const struct km_option options[] = {
	KM_OPTION_JSON,
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static long long number(const json_t *object, const char *member)
{
	return json_integer_value(json_object_get(object, member));
}

static const char *text(const json_t *object, const char *member)
{
	const char *value = json_string_value(json_object_get(object, member));
	return value ? value : "";
}

static void say_states(const json_t *states)
{
	km_say(stdout, "Marks by state");
	for (enum km_state state = KM_ACTIVE; state < KM_STATES; state++)
		km_say(stdout, "  %7lld  %s", number(states, km_state_name(state)), km_state_name(state));
}

/* Active marks by what two members of each line say (the second may be NULL). */
static void say_active(const char *title, const json_t *lines, const char *first, const char *second)
{
	km_say(stdout, "%s", "");
	km_say(stdout, "%s", title);
	for (size_t i = 0; i < json_array_size(lines); i++) {
		const json_t *line = json_array_get(lines, i);
		km_say(stdout, "  %7lld  %s%s%s", number(line, "active"), text(line, first), second ? "/" : "",
		       second ? text(line, second) : "");
	}
}

static void say_months(const json_t *months)
{
	km_say(stdout, "%s", "");
	km_say(stdout, "Month    granted  suspended  withdrawn  expired    lookups      scans     checks");
	for (size_t i = 0; i < json_array_size(months); i++) {
		const json_t *month = json_array_get(months, i);
		km_say(stdout, "%s  %7lld  %9lld  %9lld  %7lld  %9lld  %9lld  %9lld", text(month, "month"),
		       number(month, "granted"), number(month, "suspended"), number(month, "withdrawn"),
		       number(month, "expired"), number(month, "lookups"), number(month, "scans"), number(month, "checks"));
	}
}

static enum km_error run(struct km_call *call, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	json_auto_t *figures = NULL;
	enum km_error error = km_home_store(call, KM_STORE_READ, &store, problem);
	if (!error)
		error = km_store_read_begin(store, problem);
	if (!error)
		error = km_figures(store, km_clock_now(&call->clock), &figures, problem);
	if (error)
		return error;
	if (km_given(call, "json")) {
		km_say_json(figures);
		return KM_OK;
	}
	say_states(json_object_get(figures, "states"));
	say_active("Active marks by scheme", json_object_get(figures, "schemes"), "id", NULL);
	say_active("Active marks by service", json_object_get(figures, "services"), "scheme", "id");
	say_active("Active marks by region", json_object_get(figures, "regions"), "region", NULL);
	say_active("Active marks by city", json_object_get(figures, "cities"), "city", NULL);
	say_months(json_object_get(figures, "months"));
	return KM_OK;
}

const struct km_command km_stats_command = {
	.noun = "stats",
	.operands = "",
	.summary = "show the register in figures",
	.details = "Marks by state, scheme, service, region and city; changes and use of the last twelve months.\n"
			   "The same as the page /figures shows.",
	.options = options,
	.run = run,
};
