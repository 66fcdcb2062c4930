#include "base/embed.h"
#include "registry/scheme.h"

KM_EMBED(km_scheme_mkb_ict, "registry/schemes/mkb-ict.json");
KM_EMBED(km_scheme_rijpheid, "registry/schemes/rijpheid.json");

const char *km_scheme_shipped(size_t i, size_t *ret_len, const char **ret_name)
{
	const struct {
		const char *name, *start;
		size_t len;
	} shipped[] = {
		{"mkb-ict.json", km_scheme_mkb_ict, KM_EMBEDDED_LEN(km_scheme_mkb_ict)},
		{"rijpheid.json", km_scheme_rijpheid, KM_EMBEDDED_LEN(km_scheme_rijpheid)},
	};
	if (i >= sizeof shipped / sizeof *shipped)
		return NULL;
	*ret_len = shipped[i].len;
	*ret_name = shipped[i].name;
	return shipped[i].start;
}
