#include "www/statics.h"

#include "base/buf.h"
#include "base/digest.h"
#include "base/embed.h"
#include "base/encode.h"

#include <stdio.h>
#include <string.h>

KM_EMBED(km_static_style, "www/static/style.css");
KM_EMBED(km_static_icon, "www/static/icon.svg");

enum { DIGEST_SHOWN_BYTES = 9 };

static enum km_error add_file(struct km_statics *statics, const char *name, const char *type, const char *bytes,
                              size_t len, struct km_problem *problem)
{
	uint8_t digest[KM_SHA256_BYTES];
	km_sha256(bytes, len, digest);
	auto_buf struct km_buf shown = KM_BUF_EMPTY;
	km_encode(KM_BASE64URL, digest, DIGEST_SHOWN_BYTES, &shown);
	if (shown.failed)
		return km_fail_memory(problem);
	struct km_static *file = &statics->files[statics->len++];
	*file = (struct km_static){.name = name, .type = type, .bytes = bytes, .len = len};
	const char *dot = strrchr(name, '.');
	snprintf(file->path, sizeof file->path, "/static/%.*s.%s%s", (int)(dot - name), name, shown.data, dot);
	return KM_OK;
}

enum km_error km_statics_open(struct km_statics *ret_statics, struct km_problem *problem)
{
	struct km_statics statics = {0};
	enum km_error error = add_file(&statics, "style.css", "text/css; charset=utf-8", km_static_style,
	                               KM_EMBEDDED_LEN(km_static_style), problem);
	if (!error)
		error =
			add_file(&statics, "icon.svg", "image/svg+xml", km_static_icon, KM_EMBEDDED_LEN(km_static_icon), problem);
	if (!error)
		*ret_statics = statics;
	return error;
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
