/*
 * What a search asks for, read from the query of its address: the same for people and for programs.
 *
 *     q  scheme  service  level  city  state  page (with q)  after (without)  limit (programs)
 */
#ifndef KM_WWW_SEARCH_ASKED_H
#define KM_WWW_SEARCH_ASKED_H

#include "registry/search.h"
#include "www/reply.h"
#include "www/request.h"

#include <stdbool.h>

struct km_search_asked {
	struct km_query query; /* asks for one hit more than a page holds, to learn whether there is a next page */
	size_t a_page;         /* hits on a page */
	int page;              /* from 1 */
	char after[KM_NUMBER_TEXT];
};

/* Strings of the query are borrowed from the request. KM_MALFORMED "parameter". `ret_asked` must stay where it is. */
enum km_error km_search_asked_read(const struct km_request *request, size_t a_page, struct km_search_asked *ret_asked,
                                   struct km_problem *problem);

/* Addresses of other pages; owned, NULL where there is none. */
struct km_search_links {
	char *next, *previous;
	char *first; /* where only that is known of what came before */
};

/* What lies around this page, whose last hit has this number (NULL: none). Says them in the header Link as well. */
void km_search_asked_link(const struct km_request *request, const struct km_search_asked *asked, const char *last,
                          bool more, struct km_reply *reply, struct km_search_links *ret_links);
void km_search_links_done(struct km_search_links *links);
#define auto_search_links __attribute__((cleanup(km_search_links_done)))

/* Says the address, which begins with a slash, in the header Link (RFC 8288) as this relation. One that does not fit is
 * left out: a link cut short would lead elsewhere. */
void km_reply_add_link(const struct km_request *request, struct km_reply *reply, const char *url, const char *relation);

#endif
