#include "base/clock.h"
#include "www/endpoints.h"
#include "www/site.h"

/* /.well-known/security.txt (RFC 9116): whom to tell about a hole. The address is that of the registry's own pages; the
 * expiry moves along, for the file is made anew each time. */

enum { EXPIRES_DAYS = 180, SECURITY_TXT_MAX_AGE_S = 86400 };

KM_HANDLER(km_get_security_txt)
{
	(void)problem;
	const char *url = request->site->url;
	char expires[KM_TIME_TEXT];
	/* The end of a day, so that the text changes but once a day. */
	km_time_format(km_time_end_of_day(km_time_add_days(request->now, EXPIRES_DAYS)), expires);
	reply->type = km_type_text;
	reply->max_age_s = SECURITY_TXT_MAX_AGE_S;
	km_buf_add_format(&reply->body,
	                  "Contact: %s/report/security\nExpires: %s\nPreferred-Languages: nl, en\n"
	                  "Canonical: %s/.well-known/security.txt\n",
	                  url, expires, url);
	return KM_OK;
}
