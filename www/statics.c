#include "www/statics.h"

#include "base/buf.h"
#include "base/digest.h"
#include "base/embed.h"
#include "base/encode.h"
#include "www/console_statics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

KM_EMBED(km_static_style, "www/static/style.css");
KM_EMBED(km_static_icon, "www/static/icon.svg");
KM_EMBED(km_static_icon_small, "www/static/icon-192.png");
KM_EMBED(km_static_icon_large, "www/static/icon-512.png");
KM_EMBED(km_static_scan, "www/static/scan.mjs");
KM_EMBED(km_static_token, "www/static/token.mjs");
KM_EMBED(km_static_verdict, "www/static/verdict.mjs");
KM_EMBED(km_static_check, "www/static/check.mjs");
KM_EMBED(km_static_mirror, "www/static/mirror.mjs");
KM_EMBED(km_static_jsqr, "www/vendor/jsqr/jsQR.js");

enum { DIGEST_SHOWN_BYTES = 9 };

enum km_error km_statics_add(struct km_statics *statics, const struct km_static *file, struct km_problem *problem)
{
	uint8_t digest[KM_SHA256_BYTES];
	km_sha256(file->bytes, file->len, digest);
	auto_buf struct km_buf shown = KM_BUF_EMPTY;
	km_encode(KM_BASE64URL, digest, DIGEST_SHOWN_BYTES, &shown);
	if (shown.failed || statics->len == KM_STATICS_MAX) {
		free(file->owned);
		return shown.failed
		           ? km_fail_memory(problem)
		           : km_fail(problem, KM_BUG, "statics", "there are more than %d static files", KM_STATICS_MAX);
	}
	struct km_static *added = &statics->files[statics->len++];
	*added = *file;
	const char *dot = strrchr(file->name, '.');
	snprintf(added->path, sizeof added->path, "/static/%.*s.%s%s", (int)(dot - file->name), file->name, shown.data,
	         dot);
	return KM_OK;
}

enum km_error km_statics_open(struct km_statics *ret_statics, struct km_problem *problem)
{
	static const char css[] = "text/css; charset=utf-8", script[] = "text/javascript; charset=utf-8",
					  svg[] = "image/svg+xml", png[] = "image/png";
#define FILE_OF(name, type, bytes)                                                                                     \
	{                                                                                                                  \
		name, type, bytes, KM_EMBEDDED_LEN(bytes), NULL, ""                                                            \
	}
	const struct km_static files[] = {
		FILE_OF("style.css", css, km_static_style),         FILE_OF("icon.svg", svg, km_static_icon),
		FILE_OF("icon-192.png", png, km_static_icon_small), FILE_OF("icon-512.png", png, km_static_icon_large),
		FILE_OF("scan.mjs", script, km_static_scan),        FILE_OF("token.mjs", script, km_static_token),
		FILE_OF("check.mjs", script, km_static_check),      FILE_OF("verdict.mjs", script, km_static_verdict),
		FILE_OF("jsqr.js", script, km_static_jsqr),         FILE_OF("mirror.mjs", script, km_static_mirror),
	};
#undef FILE_OF
	struct km_statics statics = {0};
	enum km_error error = KM_OK;
	for (size_t i = 0; !error && i < sizeof files / sizeof *files; i++)
		error = km_statics_add(&statics, &files[i], problem);
	if (!error)
		error = km_console_statics(&statics, problem);
	if (error)
		km_statics_done(&statics);
	else
		*ret_statics = statics;
	return error;
}

void km_statics_done(struct km_statics *statics)
{
	for (size_t i = 0; i < statics->len; i++)
		free(statics->files[i].owned);
	*statics = (struct km_statics){0};
}

const struct km_static *km_statics_named(const struct km_statics *statics, const char *name)
{
	for (size_t i = 0; i < statics->len; i++)
		if (strcmp(statics->files[i].name, name) == 0)
			return &statics->files[i];
	return NULL;
}

const struct km_static *km_statics_at(const struct km_statics *statics, const char *file)
{
	for (size_t i = 0; i < statics->len; i++)
		if (strcmp(strrchr(statics->files[i].path, '/') + 1, file) == 0)
			return &statics->files[i];
	return NULL;
}
