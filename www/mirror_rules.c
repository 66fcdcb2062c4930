#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "www/endpoints.h"
#include "www/mirror_run.h"
#include "www/send.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The registry's own headers, for those who serve the files in its place. */

static const struct km_route *route_of(const char *path)
{
	for (size_t i = 0; i < km_routes_len; i++)
		if (km_routes[i].method == KM_GET && strcmp(km_routes[i].path, path) == 0)
			return &km_routes[i];
	return NULL;
}

static void add_header(void *headers, const char *name, const char *value)
{
	if (strcmp(name, "Content-Language") != 0) /* goes by the file */
		json_object_set_new(headers, name, json_string(value));
}

/* All but Content-Type, and Content-Disposition, which holds the number. */
static json_t *headers_of(const struct km_mirror_run *run, const struct km_mirror_plan *plan)
{
	const struct km_request request = {.site = run->site,
	                                   .route = route_of(plan->of == KM_MIRROR_STATIC ? "/static/{file}" : plan->path),
	                                   .method = KM_GET};
	const struct km_reply reply = {
		.type = plan->type, .max_age_s = plan->max_age_s, .embedded = plan->embedded, .camera = plan->camera};
	json_t *headers = json_object();
	km_send_headers(&request, &reply, add_header, headers);
	return headers;
}

/* Calls back for each line of the plan, and for static files, whose type goes by their ending, once for each of those.
 */
static void each_plan(void (*each)(void *context, const struct km_mirror_plan *plan), void *context)
{
	static const struct km_mirror_plan endings[] = {
		{.path = "/static/{file}.css", .type = "text/css; charset=utf-8"},
		{.path = "/static/{file}js", .type = "text/javascript; charset=utf-8"},
		{.path = "/static/{file}.json", .type = km_type_json},
		{.path = "/static/{file}.svg", .type = km_type_svg},
		{.path = "/static/{file}.png", .type = km_type_png},
	};
	for (size_t i = 0; i < km_mirror_plans_len; i++) {
		const struct km_mirror_plan *plan = &km_mirror_plans[i];
		for (size_t j = 0; plan->of == KM_MIRROR_STATIC && j < sizeof endings / sizeof *endings; j++) {
			struct km_mirror_plan one = *plan;
			one.path = endings[j].path;
			one.type = endings[j].type;
			each(context, &one);
		}
		if (plan->of != KM_MIRROR_STATIC)
			each(context, plan);
	}
}

/* A regular expression for the paths, in which the value is `named`; a query may follow, as part of the file's name. */
static void add_match(struct km_buf *buf, const char *path, const char *named)
{
	km_buf_add_char(buf, '^');
	for (const char *c = path; *c; c++) {
		const char *close = *c == '{' ? strchr(c, '}') : NULL;
		if (close) {
			bool rest = close[-1] == '*';
			km_buf_add_format(buf, "(%s%s)", named, rest ? ".+" : "[^/?]+");
			c = close;
		} else {
			if (strchr(".+", *c))
				km_buf_add_char(buf, '\\');
			km_buf_add_char(buf, *c);
		}
	}
	km_buf_add_text(buf, "(?:[?].*)?$");
}

/* ----------------------------------------------------------------------------------------------------------- nginx */

static const char maps[] =
	"# Made by keurmerk export. At the level of http:\n"
	"# Where both languages are asked for, the first one is meant.\n"
	"map $http_accept_language $keurmerk_language {\n"
	"    default nl;\n"
	"    \"~*^(?!.*\\bnl\\b.*\\ben\\b).*\\ben\\b\" en;\n"
	"}\n"
	"map $http_accept $keurmerk_form {\n"
	"    default page;\n"
	"    \"~*application/vc\" credential;\n"
	"    \"~*text/html\" page;\n"
	"    \"~*application/(?:problem[+])?json\" json;\n"
	"}\n"
	"# A query is part of a file's name; in a link it may be written as %3F.\n"
	"map $args $keurmerk_query {\n"
	"    default ?$args;\n"
	"    \"\" \"\";\n"
	"}\n"
	"map \"$uri$keurmerk_query\" $keurmerk_page {\n"
	"    default ?lang=$keurmerk_language;\n"
	"    \"~[?]\" $keurmerk_query;\n"
	"}\n"
	"# The same address gives several forms.\n"
	"map $request_uri $keurmerk_vary {\n"
	"    default Accept-Encoding;\n"
	"    \"~^/(?:[mM]|schemes)/[^./?]+(?:[?]|$)\" \"Accept, Accept-Language, Accept-Encoding\";\n"
	"}\n"
	"map \"$uri$keurmerk_page\" $keurmerk_content_language {\n"
	"    default nl;\n"
	"    \"~[?&]lang=en\" en;\n"
	"}\n";

static void add_nginx_headers(struct km_buf *buf, const struct km_mirror_plan *plan, const json_t *headers)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)headers, name, value) km_buf_add_format(
		buf, "        add_header %s \"%s\";\n", name,
		strcmp(json_string_value(value), "Accept-Encoding") == 0 ? "$keurmerk_vary" : json_string_value(value));
	if (plan->download)
		km_buf_add_format(buf,
		                  "        add_header Content-Disposition 'attachment; filename=\"$keurmerk_value.%s\"';\n",
		                  plan->download);
	if (plan->type == km_type_html)
		km_buf_add_text(buf, "        add_header Content-Language $keurmerk_content_language;\n");
}

struct rules {
	const struct km_mirror_run *run;
	struct km_buf *nginx;
	json_t *here, *elsewhere;
};

static void add_location(void *context, const struct km_mirror_plan *plan)
{
	const struct rules *rules = context;
	struct km_buf *buf = rules->nginx;
	if (plan->of == KM_MIRROR_NOT)
		return;
	json_auto_t *headers = headers_of(rules->run, plan);
	km_buf_add_text(buf, "    location ~ \"");
	add_match(buf, plan->path, "?<keurmerk_value>");
	km_buf_add_text(buf, "\" {\n");
	km_buf_add_format(buf, "        types { }\n        default_type \"%s\";\n", plan->type);
	add_nginx_headers(buf, plan, headers);
	if (strcmp(plan->path, "/m/{number}") == 0)
		km_buf_add_text(buf,
		                "        if ($keurmerk_form = json) { rewrite ^ /m/$keurmerk_value.json? last; }\n"
		                "        if ($keurmerk_form = credential) { rewrite ^ /m/$keurmerk_value.json-ld? last; }\n");
	if (strcmp(plan->path, "/schemes/{id}") == 0)
		km_buf_add_text(buf, "        if ($keurmerk_form = json) { rewrite ^ /v1/schemes/$keurmerk_value? last; }\n");
	if (plan->file)
		km_buf_add_format(buf, "        try_files /%s$keurmerk_query @registry;\n", plan->file);
	else
		km_buf_add_format(buf, "        try_files $uri%s @registry;\n",
		                  km_mirror_is_page(plan) ? "$keurmerk_page" : "$keurmerk_query");
	km_buf_add_text(buf, "    }\n");
}

static void add_server(const struct km_mirror_run *run, const char *folder, struct km_buf *buf)
{
	const char *url = run->site->url;
	km_buf_add_format(buf,
	                  "    # Made by keurmerk export. At the level of server:\n"
	                  "    root \"%s/files\";\n"
	                  "    gzip on;\n"
	                  "    gzip_types text/plain text/css text/javascript application/json application/atom+xml "
	                  "application/feed+json application/jsonl text/csv image/svg+xml application/vc;\n"
	                  "    # What a mirror does not have is at the registry; unless this stands in its place.\n"
	                  "    location @registry {\n"
	                  "        if ($http_host = \"%s\") { return 404; }\n"
	                  "        return 302 \"%s$request_uri\";\n"
	                  "    }\n"
	                  "    location / { try_files /.none @registry; }\n"
	                  "    # QR codes are upper case throughout.\n"
	                  "    location ~ \"^/M/\" { rewrite \"^/M/(.*)$\" /m/$1 last; }\n"
	                  "    location ~ \"^/mirror/[^/]+[.]txt$\" {\n"
	                  "        types { }\n"
	                  "        default_type \"text/plain; charset=utf-8\";\n"
	                  "        add_header Cache-Control \"public, max-age=31536000, immutable\";\n"
	                  "        add_header Access-Control-Allow-Origin \"*\";\n"
	                  "        try_files $uri =404;\n"
	                  "    }\n",
	                  folder, strstr(url, "://") + 3, url);
	struct rules rules = {.run = run, .nginx = buf};
	each_plan(add_location, &rules);
}

/* --------------------------------------------------------------------------------------------------- object storage */

static json_t *object_rule(const struct km_mirror_run *run, const struct km_mirror_plan *plan)
{
	auto_buf struct km_buf match = KM_BUF_EMPTY;
	char file[KM_MIRROR_PATH_MAX];
	snprintf(file, sizeof file, "/%s", plan->file ? plan->file : plan->path + 1);
	add_match(&match, file, "");
	if (match.failed)
		return NULL;
	if (plan->of == KM_MIRROR_NOT)
		return json_pack("{s:s, s:s, s:s}", "match", match.data, "at", run->site->url, "why", plan->why_not);
	json_t *headers = headers_of(run, plan);
	json_object_set_new(headers, "Content-Type", json_string(plan->type));
	return json_pack("{s:s, s:o, s:b}", "match", match.data, "headers", headers, "page", km_mirror_is_page(plan));
}

static void add_object_rule(void *context, const struct km_mirror_plan *plan)
{
	const struct rules *rules = context;
	json_array_append_new(plan->of == KM_MIRROR_NOT ? rules->elsewhere : rules->here, object_rule(rules->run, plan));
}

static char *objects(const struct km_mirror_run *run)
{
	json_t *here = json_array(), *elsewhere = json_array();
	struct rules rules = {.run = run, .here = here, .elsewhere = elsewhere};
	each_plan(add_object_rule, &rules);
	json_array_append_new(here, json_pack("{s:s, s:{s:s, s:s, s:s}, s:b}", "match", "^/mirror/[^/]+[.]txt$", "headers",
	                                      "Content-Type", "text/plain; charset=utf-8", "Cache-Control",
	                                      "public, max-age=31536000, immutable", "Access-Control-Allow-Origin", "*",
	                                      "page", 0));
	json_auto_t *document =
		json_pack("{s:s, s:o, s:o}", "registry", run->site->url, "objects", here, "elsewhere", elsewhere);
	return document ? json_dumps(document, JSON_INDENT(1) | JSON_PRESERVE_ORDER) : NULL;
}

/* -------------------------------------------------------------------------------------------------------------- all */

static enum km_error write_file(struct km_mirror_run *run, const char *name, const char *text)
{
	auto_buf struct km_buf path = KM_BUF_EMPTY;
	km_buf_add_format(&path, "%s/%s", run->options->folder, name);
	if (path.failed || !text)
		return km_fail_memory(run->problem);
	return km_file_replace(path.data, text, strlen(text), 0644, run->problem);
}

enum km_error km_mirror_rules(struct km_mirror_run *run)
{
	auto_free char *folder = realpath(run->options->folder, NULL), *document = objects(run);
	auto_buf struct km_buf server = KM_BUF_EMPTY;
	if (!folder || strpbrk(folder, "\"$\\"))
		return km_fail(run->problem, KM_INVALID, "mirror-folder", "%s: give a folder without \", $ and \\ in its path",
		               run->options->folder);
	add_server(run, folder, &server);
	enum km_error error = write_file(run, "nginx-http.conf", maps);
	if (!error)
		error = write_file(run, "nginx-server.conf", server.failed ? NULL : server.data);
	return error ? error : write_file(run, "objects.json", document);
}
