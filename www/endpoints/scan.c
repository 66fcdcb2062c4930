#include "www/endpoints.h"
#include "www/scanner.h"

/* /scan: scans a QR code, and is what an installed app opens with. */

KM_HANDLER(km_get_scan)
{
	reply->camera = true;
	reply->max_age_s = KM_CACHE_STATE_MAX_S;
	return km_scanner_page(request, reply, problem);
}
