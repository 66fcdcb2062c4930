#include "registry/tlog_proof.h"
#include "www/endpoints.h"
#include "www/mark_asked.h"

#include <stdio.h>

/* That the last event of the mark is in the log (c2sp.org/tlog-proof@v1), for checking with no network. */
KM_HANDLER(km_get_mark_tlog_proof)
{
	auto_asked struct km_asked asked = {0};
	enum km_error error = km_asked_read(request, false, &asked, problem);
	if (error)
		return error;
	auto_free char *text = NULL;
	size_t len;
	error = km_tlog_proof_of_mark(request->store, asked.mark->id, &text, &len, problem);
	if (error)
		return error;
	km_buf_add(&reply->body, text, len);
	reply->type = km_type_text;
	reply->max_age_s = KM_CACHE_STATE_MAX_S;
	snprintf(reply->filename, sizeof reply->filename, "%s.tlog-proof", asked.mark->number);
	return reply->body.failed ? km_fail_memory(problem) : KM_OK;
}
