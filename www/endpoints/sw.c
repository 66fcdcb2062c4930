#include "badge/status_list.h"
#include "base/digest.h"
#include "base/embed.h"
#include "base/encode.h"
#include "registry/status_bits.h"
#include "www/endpoints.h"
#include "www/scanner.h"
#include "www/site.h"

#include <stdlib.h>

/* /sw.js: the service worker, with a line before it that says what to keep. Its bytes change where any of that does, by
 * which a browser knows that there is a new one. */

KM_EMBED(km_worker, "www/static/worker.js");

enum { VERSION_BYTES = 12 };

#define auto_reply __attribute__((cleanup(km_reply_done)))

static const char *const files[] = {"style.css", "icon.svg", "scan.mjs", "token.mjs", "verdict.mjs", "jsqr.js"};

/* Adds /scan?lang= in this language to the addresses, and the page's own bytes to what the version is made from. */
static enum km_error add_page(const struct km_request *request, enum km_language language, json_t *addresses,
                              struct km_buf *all, struct km_problem *problem)
{
	struct km_request asked = *request;
	asked.language = language;
	asked.language_chosen = true;
	auto_reply struct km_reply page = {0};
	enum km_error error = km_scanner_page(&asked, &page, problem);
	if (error)
		return error;
	km_buf_add(all, page.body.data, page.body.len);
	json_array_append_new(addresses, json_sprintf("/scan?lang=%s", km_language_code(language)));
	return KM_OK;
}

static enum km_error make_shell(const struct km_request *request, json_t *addresses, char **ret_version,
                                struct km_problem *problem)
{
	auto_buf struct km_buf all = KM_BUF_EMPTY, version = KM_BUF_EMPTY;
	enum km_error error = KM_OK;
	for (enum km_language language = KM_NL; !error && language < KM_LANGUAGES; language++)
		error = add_page(request, language, addresses, &all, problem);
	if (error)
		return error;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		const char *path = km_statics_named(&request->site->statics, files[i])->path;
		json_array_append_new(addresses, json_string(path));
		km_buf_add_text(&all, path);
	}
	if (all.failed)
		return km_fail_memory(problem);
	uint8_t digest[KM_SHA256_BYTES];
	km_sha256(all.data, all.len, digest);
	km_encode(KM_BASE64URL, digest, VERSION_BYTES, &version);
	char *text = km_buf_take(&version, NULL);
	if (!text)
		return km_fail_memory(problem);
	*ret_version = text;
	return KM_OK;
}

/* The key set and every status list. */
static enum km_error add_saved(const struct km_request *request, json_t *addresses, struct km_problem *problem)
{
	int64_t count = 0;
	enum km_error error = km_status_bits_count(request->store, &count, problem);
	if (error)
		return error;
	int64_t last = km_status_list_number(count > 0 ? count - 1 : 0);
	json_array_append_new(addresses, json_string("/.well-known/jwks.json"));
	for (int64_t list = 1; list <= last; list++)
		for (enum km_status_purpose purpose = 0; purpose < KM_STATUS_PURPOSES; purpose++) {
			auto_free char *address = km_status_list_url("", purpose, list);
			json_array_append_new(addresses, address ? json_string(address) : NULL);
		}
	return KM_OK;
}

KM_HANDLER(km_get_sw)
{
	json_auto_t *shell = json_array(), *saved = json_array();
	auto_free char *version = NULL;
	enum km_error error = make_shell(request, shell, &version, problem);
	if (!error)
		error = add_saved(request, saved, problem);
	if (error)
		return error;
	json_auto_t *kept = json_pack("{s:s, s:O, s:O}", "version", version, "shell", shell, "saved", saved);
	auto_free char *text = kept ? json_dumps(kept, JSON_COMPACT) : NULL;
	if (!text)
		return km_fail_memory(problem);
	km_buf_add_format(&reply->body, "const keurmerk = %s;\n", text);
	km_buf_add(&reply->body, km_worker, KM_EMBEDDED_LEN(km_worker));
	reply->type = "text/javascript; charset=utf-8";
	reply->max_age_s = KM_CACHE_ASK;
	return KM_OK;
}
