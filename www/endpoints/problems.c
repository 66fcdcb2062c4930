#include "www/endpoints.h"
#include "www/pages.h"

#include <stdio.h>

/* /problems: where the types of our problem documents lead (RFC 9457, section 3.1.1): what each status means here. */

KM_HANDLER(km_get_problems)
{
	static const int statuses[] = {400, 401, 403, 404, 405, 409, 413, 414, 415, 422, 429, 500, 503};
	json_t *rows = json_array();
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
		char name[8];
		snprintf(name, sizeof name, "%d", statuses[i]);
		json_array_append_new(rows, json_pack("{s:i, s:s}", "status", statuses[i], "words",
		                                      km_page_words_for(request, "problems", name)));
	}
	json_auto_t *data = json_pack("{s:o}", "statuses", rows);
	reply->max_age_s = KM_CACHE_ASK;
	return km_page(request, reply, "problems", data, problem);
}
