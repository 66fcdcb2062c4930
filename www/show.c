#include "www/show.h"

#include "badge/drawing.h"
#include "base/clock.h"
#include "www/pages.h"

json_t *km_show_day(const struct km_request *request, int64_t moment)
{
	if (!moment)
		return json_null();
	char iso[KM_DATE_TEXT], words[32];
	km_date_format(moment, iso);
	km_date_words(request->language, moment, words);
	return json_pack("{s:s, s:s}", "iso", iso, "words", words);
}

json_t *km_show_words(const struct km_request *request, const struct km_words *words)
{
	const char *text = words->in[request->language];
	return text && *text ? json_string(text) : json_null();
}

json_t *km_show_state(const struct km_request *request, enum km_state state, bool then, int size)
{
	auto_buf struct km_buf shape = KM_BUF_EMPTY;
	km_state_shape(state, size, &shape);
	if (shape.failed)
		return NULL;
	const char *name = km_state_name(state);
	return json_pack("{s:s, s:s, s:s, s:s, s:b}", "name", name, "words",
	                 km_page_words_for(request, then ? "state-then" : "state", name), "short",
	                 km_page_words_for(request, "state-short", name), "shape", shape.data ? shape.data : "", "active",
	                 state == KM_ACTIVE);
}

json_t *km_show_number(const char *number)
{
	char shown[KM_NUMBER_SHOWN];
	km_number_show(number, shown);
	return json_string(shown);
}
