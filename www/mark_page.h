/*
 * What the page about a mark shows, as data for www/templates/mark.html.
 */
#ifndef KM_WWW_MARK_PAGE_H
#define KM_WWW_MARK_PAGE_H

#include "www/mark_asked.h"

/* The caller's (json_decref); NULL without memory. */
json_t *km_mark_page(const struct km_request *request, const struct km_asked *asked);

#endif
