#include "www/search_asked.h"

#include "www/link.h"
#include "www/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGES_MAX = 500 };

static enum km_error read_state(const struct km_request *request, struct km_filter *filter, struct km_problem *problem)
{
	const char *names[KM_STATES];
	size_t state = KM_STATES;
	for (enum km_state i = KM_ACTIVE; i < KM_STATES; i++)
		names[i] = km_state_name(i);
	enum km_error error = km_request_choice(request, "state", names, KM_STATES, KM_STATES, &state, problem);
	if (error || state == KM_STATES)
		return error;
	filter->by_state = true;
	filter->state = (enum km_state)state;
	return KM_OK;
}

static enum km_error read_place(const struct km_request *request, struct km_search_asked *asked,
                                struct km_problem *problem)
{
	enum km_error error = km_request_integer(request, "page", 1, PAGES_MAX, 1, &asked->page, problem);
	const char *after = km_pairs_find(&request->query, "after");
	if (error || !after || !*after)
		return error;
	if (km_number_parse(after, asked->after, NULL) != KM_OK)
		return km_fail(problem, KM_MALFORMED, "parameter", "after: give the number of the last mark you have");
	asked->query.after = asked->after;
	return KM_OK;
}

enum km_error km_search_asked_read(const struct km_request *request, size_t a_page, struct km_search_asked *ret_asked,
                                   struct km_problem *problem)
{
	const struct km_pairs *pairs = &request->query;
	*ret_asked = (struct km_search_asked){.a_page = a_page,
	                                      .query = {.text = km_pairs_find(pairs, "q"),
	                                                .limit = a_page + 1,
	                                                .filter = {.scheme = km_pairs_find(pairs, "scheme"),
	                                                           .service = km_pairs_find(pairs, "service"),
	                                                           .level = km_pairs_find(pairs, "level"),
	                                                           .region = km_pairs_find(pairs, "region"),
	                                                           .city = km_pairs_find(pairs, "city")}}};
	enum km_error error = read_state(request, &ret_asked->query.filter, problem);
	if (!error)
		error = read_place(request, ret_asked, problem);
	ret_asked->query.offset = (size_t)(ret_asked->page - 1) * a_page;
	return error;
}

/* The address with this parameter, said in the header too; NULL where memory ran out. */
static char *link_to(const struct km_request *request, const char *name, const char *value, const char *relation,
                     struct km_reply *reply)
{
	struct km_buf buf = KM_BUF_EMPTY;
	km_link_self(&buf, request, name, value);
	char *link = km_buf_take(&buf, NULL);
	if (link)
		km_reply_add_link(request, reply, link, relation);
	return link;
}

static char *link_to_page(const struct km_request *request, int page, const char *relation, struct km_reply *reply)
{
	char number[12];
	snprintf(number, sizeof number, "%d", page);
	return link_to(request, "page", number, relation, reply);
}

void km_search_asked_link(const struct km_request *request, const struct km_search_asked *asked, const char *last,
                          bool more, struct km_reply *reply, struct km_search_links *ret_links)
{
	*ret_links = (struct km_search_links){0};
	bool all = !asked->query.text || !asked->query.text[strspn(asked->query.text, " \t\r\n")];
	if (more && all && last)
		ret_links->next = link_to(request, "after", last, "next", reply);
	else if (more && asked->page < PAGES_MAX)
		ret_links->next = link_to_page(request, asked->page + 1, "next", reply);
	if (all && asked->query.after)
		ret_links->first = link_to(request, "after", NULL, "first", reply);
	else if (asked->page > 1)
		ret_links->previous = link_to_page(request, asked->page - 1, "prev", reply);
}

void km_search_links_done(struct km_search_links *links)
{
	free(links->next);
	free(links->previous);
	free(links->first);
}

void km_reply_add_link(const struct km_request *request, struct km_reply *reply, const char *url, const char *relation)
{
	size_t len = strlen(reply->link), room = sizeof reply->link - len;
	int added =
		snprintf(reply->link + len, room, "%s<%s%s>; rel=\"%s\"", len ? ", " : "", request->site->url, url, relation);
	if (added < 0 || (size_t)added >= room)
		reply->link[len] = '\0';
}
