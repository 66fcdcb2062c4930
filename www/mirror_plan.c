#include "www/mirror_plan.h"

#include "www/reply.h"

#include <stdio.h>
#include <string.h>

enum { HOUR_S = 3600, DAY_S = 86400 };

#define PAGE "lang=nl;lang=en"
#define FEED "|lang=nl;lang=en"
#define BADGE                                                                                                          \
	"|lang=nl|form=card&lang=nl|form=card&theme=light&lang=nl;"                                                        \
	"lang=en|form=card&lang=en|form=card&theme=light&lang=en;"                                                         \
	"lang=nl&theme=dark|form=card&theme=dark&lang=nl;lang=en&theme=dark|form=card&theme=dark&lang=en"

static const char script[] = "text/javascript; charset=utf-8";
static const char atom[] = "application/atom+xml; charset=utf-8";
static const char did[] = "application/did+json";
static const char list[] = "application/vc+jwt";

static const char asked[] = "its answer depends on what is asked";
static const char sent[] = "something is sent with it";
static const char now[] = "it is signed for the moment at which it is asked for";
static const char drawn[] = "it is drawn in the size that is asked for";
static const char desk[] = "it is for those who work with the registry";
static const char private[] = "it is for one provider only";
static const char server[] = "it is about the server";

#define OF(address, kind, files, content, age_s, ...)                                                                  \
	{                                                                                                                  \
		.path = address, .of = kind, .queries = files, .type = content, .max_age_s = age_s, __VA_ARGS__                \
	}
#define NOT(address, reason)                                                                                           \
	{                                                                                                                  \
		.path = address, .of = KM_MIRROR_NOT, .why_not = reason                                                        \
	}

const struct km_mirror_plan km_mirror_plans[] = {
	OF("/", KM_MIRROR_LAST, PAGE, km_type_html, KM_CACHE_STATE_MAX_S, .camera = true),
	OF("/m/{number}.json", KM_MIRROR_MARK, "", km_type_json, KM_CACHE_STATE_MAX_S),
	OF("/m/{number}.json-ld", KM_MIRROR_MARK, "", km_type_vc, KM_CACHE_BADGE_MAX_S, .download = "json"),
	OF("/m/{number}.atom", KM_MIRROR_MARK, FEED, atom, KM_CACHE_STATE_MAX_S),
	OF("/m/{number}.jwt", KM_MIRROR_MARK, "", km_type_jwt, KM_CACHE_BADGE_MAX_S, .download = "jwt"),
	OF("/m/{number}.qr.svg", KM_MIRROR_MARK, "", km_type_svg, DAY_S, .embedded = true),
	OF("/m/{number}.qr.png", KM_MIRROR_MARK, "", km_type_png, DAY_S, .embedded = true),
	OF("/m/{number}.signed-qr.svg", KM_MIRROR_MARK, "", km_type_svg, KM_CACHE_BADGE_MAX_S, .embedded = true),
	OF("/m/{number}.signed-qr.png", KM_MIRROR_MARK, "", km_type_png, KM_CACHE_BADGE_MAX_S, .embedded = true),
	OF("/m/{number}.svg", KM_MIRROR_MARK, BADGE, km_type_svg, KM_CACHE_BADGE_MAX_S, .embedded = true),
	NOT("/m/{number}.png", drawn),
	NOT("/m/{number}.pdf", drawn),
	OF("/m/{number}.tlog-proof", KM_MIRROR_MARK, "", km_type_text, KM_CACHE_STATE_MAX_S, .download = "tlog-proof"),
	OF("/m/{number}", KM_MIRROR_MARK, PAGE, km_type_html, KM_CACHE_STATE_MAX_S),
	NOT("/m/{number}/status.jwt", now),
	NOT("/q/{token}", asked),
	OF("/scan", KM_MIRROR_LAST, PAGE, km_type_html, KM_CACHE_STATE_MAX_S, .camera = true),
	OF("/sw.js", KM_MIRROR_LAST, "", script, KM_CACHE_ASK),
	OF("/manifest.webmanifest", KM_MIRROR_LAST, PAGE, "application/manifest+json", DAY_S),
	OF("/schemes/{id}", KM_MIRROR_SCHEME, PAGE, km_type_html, 300),
	NOT("/check", sent),
	NOT("/p/{token}", private),
	OF("/embed/{number}", KM_MIRROR_MARK, PAGE, km_type_html, KM_CACHE_STATE_MAX_S),
	OF("/embed.js", KM_MIRROR_FIRST, "", script, HOUR_S, .embedded = true),
	OF("/feed.atom", KM_MIRROR_LAST, FEED, atom, 60),
	OF("/feed.json", KM_MIRROR_LAST, FEED, "application/feed+json", 60),
	NOT("/watch.atom", asked),
	NOT("/watch.json", asked),
	OF("/figures", KM_MIRROR_FIGURES, PAGE, km_type_html, 300),
	OF("/problems", KM_MIRROR_LAST, PAGE, km_type_html, KM_CACHE_ASK),
	OF("/register.csv", KM_MIRROR_ROWS, "", "text/csv; charset=utf-8; header=present", 60),
	OF("/register.jsonl", KM_MIRROR_ROWS, "", "application/jsonl", 60),
	OF("/register.jwt", KM_MIRROR_SNAPSHOT, "", km_type_jwt, 60),
	NOT("/report/thanks", sent),
	NOT("/report/security", sent),
	NOT("/report/{number}", sent),
	OF("/static/{file}", KM_MIRROR_STATIC, "", NULL, KM_CACHE_FOREVER),

	OF("/v1/openapi.json", KM_MIRROR_FIRST, "", km_type_json, HOUR_S),
	NOT("/v1/marks", asked),
	OF("/v1/marks/{number}", KM_MIRROR_MARK, "", km_type_json, KM_CACHE_STATE_MAX_S),
	NOT("/v1/providers", asked),
	OF("/v1/figures", KM_MIRROR_FIGURES, "", km_type_json, 300),
	OF("/v1/providers/{kvk}", KM_MIRROR_PROVIDER, "", km_type_json, KM_CACHE_STATE_MAX_S),
	OF("/v1/schemes", KM_MIRROR_LAST, "", km_type_json, 300, .file = "v1/schemes.json"),
	OF("/v1/schemes/{id}", KM_MIRROR_SCHEME, "", km_type_json, 300),

	NOT("/console", desk),

	OF("/.well-known/security.txt", KM_MIRROR_FIRST, "", km_type_text, DAY_S),
	OF("/.well-known/jwks.json", KM_MIRROR_FIRST, "", "application/jwk-set+json", 300),
	OF("/.well-known/keurmerk-keys.jwt", KM_MIRROR_FIRST, "", km_type_jwt, 300),
	OF("/.well-known/did.json", KM_MIRROR_FIRST, "", did, 300),
	OF("/did.json", KM_MIRROR_FIRST, "", did, 300),
	OF("/keys/{thumbprint}.jwk", KM_MIRROR_KEY, "", "application/jwk+json", 300),
	OF("/contexts/v1", KM_MIRROR_FIRST, "", "application/ld+json", DAY_S),
	OF("/status/revocation/{list}", KM_MIRROR_LIST, "", list, 300),
	OF("/status/suspension/{list}", KM_MIRROR_LIST, "", list, 300),
	OF("/log/checkpoint", KM_MIRROR_LOG, "", km_type_text, 5),
	NOT("/log/credential/{digest}", asked),
	OF("/log/{tile*}", KM_MIRROR_TILE, "", "application/octet-stream", KM_CACHE_FOREVER),

	NOT("/healthz", server),
	NOT("/metrics", server),
	NOT("/readyz", server),
};
const size_t km_mirror_plans_len = sizeof km_mirror_plans / sizeof *km_mirror_plans;

bool km_mirror_is_page(const struct km_mirror_plan *plan)
{
	return plan->queries && strcmp(plan->queries, PAGE) == 0;
}

/* The path with the value in its place. */
static void fill(const char *pattern, const char *value, char ret_path[static KM_MIRROR_PATH_MAX])
{
	const char *open = strchr(pattern, '{');
	if (!open || !value)
		snprintf(ret_path, KM_MIRROR_PATH_MAX, "%s", pattern);
	else
		snprintf(ret_path, KM_MIRROR_PATH_MAX, "%.*s%s%s", (int)(open - pattern), pattern, value,
		         strchr(open, '}') + 1);
}

enum km_error km_mirror_plan_files(const struct km_mirror_plan *plan, const char *value,
                                   enum km_error (*each)(void *context, const char *target, const char *path,
                                                         bool same),
                                   void *context)
{
	char path[KM_MIRROR_PATH_MAX], target[KM_MIRROR_PATH_MAX + 64];
	fill(plan->path, value, path);
	bool same = false;
	for (const char *query = plan->queries;; query++) {
		size_t len = strcspn(query, ";|");
		snprintf(target, sizeof target, "%s%s%.*s", path, len ? "?" : "", (int)len, query);
		enum km_error error = each(context, target, plan->file ? plan->file : target + 1, same);
		query += len;
		if (error || !*query)
			return error;
		same = *query == '|';
	}
}
