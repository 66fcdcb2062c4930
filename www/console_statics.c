#include "www/console_statics.h"

#include "base/buf.h"
#include "base/catalogue.h"
#include "base/embed.h"

#include <stdio.h>
#include <string.h>

KM_EMBED(km_console_style, "www/console/console.css");
KM_EMBED(km_console_words, "www/console/words.json");
KM_EMBED(km_site_words, "www/words.json");
KM_EMBED(km_script_keep, "www/console/keep.js");
KM_EMBED(km_script_words, "www/console/words.js");
KM_EMBED(km_script_dom, "www/console/dom.js");
KM_EMBED(km_script_csv, "www/console/csv.js");
KM_EMBED(km_script_key, "www/console/key.js");
KM_EMBED(km_script_server, "www/console/server.js");
KM_EMBED(km_script_draft, "www/console/draft.js");
KM_EMBED(km_script_evidence, "www/console/evidence.js");
KM_EMBED(km_script_content, "www/console/content.js");
KM_EMBED(km_script_review, "www/console/review.js");
KM_EMBED(km_script_enrol, "www/console/enrol.js");
KM_EMBED(km_script_start, "www/console/start.js");
KM_EMBED(km_script_findings, "www/console/findings.js");
KM_EMBED(km_script_audit, "www/console/audit.js");
KM_EMBED(km_script_decide, "www/console/decide.js");
KM_EMBED(km_script_transfer, "www/console/transfer.js");
KM_EMBED(km_script_marks, "www/console/marks.js");
KM_EMBED(km_script_cases, "www/console/cases.js");
KM_EMBED(km_script_people, "www/console/people.js");
KM_EMBED(km_script_link, "www/console/link.js");
KM_EMBED(km_script_desk, "www/console/desk.js");
KM_EMBED(km_script_main, "www/console/main.js");

static const char css[] = "text/css; charset=utf-8", json[] = "application/json",
				  script[] = "text/javascript; charset=utf-8";

/* Takes the text over, also on failure. */
static enum km_error add_owned(struct km_statics *statics, const char *name, const char *type, char *text, size_t len,
                               struct km_problem *problem)
{
	if (!text)
		return km_fail_memory(problem);
	return km_statics_add(
		statics, &(struct km_static){.name = name, .type = type, .bytes = text, .len = len, .owned = text}, problem);
}

/* A script, with the names of the scripts that it imports, './key.js', made into their paths. Those stand before it in
 * the list: so its own digest is over theirs. */
static enum km_error add_script(struct km_statics *statics, const struct km_static *source, struct km_problem *problem)
{
	static const char from[] = " from './";
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	const char *at = source->bytes;
	for (const char *found; (found = strstr(at, from));) {
		const char *name = found + strlen(from), *end = strchrnul(name, '\'');
		char imported[KM_STATIC_PATH_TEXT];
		snprintf(imported, sizeof imported, "%.*s", (int)(end - name), name);
		const struct km_static *file = km_statics_named(statics, imported);
		if (!file)
			return km_fail(problem, KM_BUG, "statics", "%s imports %s, which does not stand before it", source->name,
			               imported);
		km_buf_add(&text, at, (size_t)(found - at));
		km_buf_add_format(&text, " from '%s", file->path);
		at = end;
	}
	km_buf_add_text(&text, at);
	size_t len;
	char *whole = km_buf_take(&text, &len);
	return add_owned(statics, source->name, source->type, whole, len, problem);
}

static enum km_error add_words(struct km_statics *statics, const char *const names[static KM_LANGUAGES],
                               const char *words, size_t len, struct km_problem *problem)
{
	struct km_catalogue *catalogue = NULL;
	enum km_error error = km_catalogue_parse(words, len, &catalogue, problem);
	for (enum km_language language = KM_NL; !error && language < KM_LANGUAGES; language++) {
		char *text = km_catalogue_json(catalogue, language);
		error = add_owned(statics, names[language], json, text, text ? strlen(text) : 0, problem);
	}
	km_catalogue_free(catalogue);
	return error;
}

static enum km_error add_scripts(struct km_statics *statics, struct km_problem *problem)
{
#define SCRIPT(id)                                                                                                     \
	{                                                                                                                  \
		.name = #id ".js", .type = script, .bytes = km_script_##id, .len = KM_EMBEDDED_LEN(km_script_##id)             \
	}
	const struct km_static sources[] = {
		SCRIPT(keep),     SCRIPT(words),    SCRIPT(dom),     SCRIPT(csv),      SCRIPT(key),   SCRIPT(server),
		SCRIPT(draft),    SCRIPT(evidence), SCRIPT(content), SCRIPT(review),   SCRIPT(enrol), SCRIPT(start),
		SCRIPT(findings), SCRIPT(audit),    SCRIPT(decide),  SCRIPT(transfer), SCRIPT(marks), SCRIPT(cases),
		SCRIPT(people),   SCRIPT(link),     SCRIPT(desk),    SCRIPT(main),
	};
#undef SCRIPT
	enum km_error error = KM_OK;
	for (size_t i = 0; !error && i < sizeof sources / sizeof *sources; i++)
		error = add_script(statics, &sources[i], problem);
	return error;
}

enum km_error km_console_statics(struct km_statics *statics, struct km_problem *problem)
{
	static const char *const site[KM_LANGUAGES] = {"site.nl.json", "site.en.json"};
	static const char *const console[KM_LANGUAGES] = {"words.nl.json", "words.en.json"};
	const struct km_static style = {
		.name = "console.css", .type = css, .bytes = km_console_style, .len = KM_EMBEDDED_LEN(km_console_style)};
	enum km_error error = km_statics_add(statics, &style, problem);
	if (!error)
		error = add_words(statics, site, km_site_words, KM_EMBEDDED_LEN(km_site_words), problem);
	if (!error)
		error = add_words(statics, console, km_console_words, KM_EMBEDDED_LEN(km_console_words), problem);
	return error ? error : add_scripts(statics, problem);
}
