#include "registry/report.h"

#include "www/endpoints.h"
#include "www/mark_asked.h"
#include "www/pages.h"
#include "www/site.h"

#include <stdio.h>
#include <string.h>

/* /report/NUMBER: somebody saw something wrong with a mark. /report/security: with this registry itself. */

/* What the form shows: empty at first, and after a fault all that was typed. */
struct form {
	const char *kind, *text, *place, *contact;
	const char *fault; /* in words for the reader; NULL where there is none */
};

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static enum km_error reply_form(const struct km_request *request, struct km_reply *reply, const struct km_mark *mark,
                                const struct form *form, struct km_problem *problem)
{
	json_auto_t *data = json_pack(
		"{s:s?, s:s?, s:b, s:b, s:s, s:s, s:s, s:s?, s:s}", "number", mark ? mark->number : NULL, "name",
		mark ? mark->provider->name : NULL, "misuse", !form->kind || strcmp(form->kind, "misuse") == 0, "complaint",
		form->kind && strcmp(form->kind, "complaint") == 0, "text", or_empty(form->text), "place",
		or_empty(form->place), "contact", or_empty(form->contact), "fault", form->fault, "action", request->path);
	reply->max_age_s = form->fault ? KM_CACHE_NOT : KM_CACHE_ASK;
	reply->status = form->fault ? 422 : 200;
	return km_page(request, reply, "report", data, problem);
}

/* What people leave empty was not told. */
static const char *told(const struct km_pairs *fields, const char *name)
{
	const char *text = km_pairs_find(fields, name);
	return text && text[strspn(text, " \t\r\n")] ? text : NULL;
}

static enum km_error keep(struct km_request *request, const struct km_report *report,
                          char ret_reference[static KM_REPORT_REFERENCE_TEXT], struct km_problem *problem)
{
	struct km_issuer *issuer = NULL;
	enum km_error error = km_site_issuer(request->site, &issuer, problem);
	if (error)
		return error;
	struct km_store *store = km_issuer_store(issuer);
	error = km_store_begin(store, problem);
	if (!error)
		error = km_report_add(store, report, request->now, ret_reference, problem);
	if (!error)
		error = km_store_commit(store, problem);
	km_store_rollback(store);
	km_site_issuer_done(request->site);
	return error;
}

static enum km_error take(struct km_request *request, struct km_reply *reply, const struct km_mark *mark,
                          struct km_problem *problem)
{
	auto_pairs struct km_pairs fields = {0};
	enum km_error error =
		km_pairs_parse(request->body.data ? request->body.data : "", request->body.len, &fields, problem);
	if (error)
		return error;
	const char *kind = km_pairs_find(&fields, "kind");
	struct km_report report = {.kind = !mark                                    ? KM_REPORT_SECURITY
	                                   : kind && strcmp(kind, "complaint") == 0 ? KM_REPORT_COMPLAINT
	                                                                            : KM_REPORT_MISUSE,
	                           .number = mark ? mark->number : NULL,
	                           .text = told(&fields, "text"),
	                           .place = told(&fields, "place"),
	                           .contact = told(&fields, "contact")};
	char reference[KM_REPORT_REFERENCE_TEXT];
	error = keep(request, &report, reference, problem);
	if (error == KM_INVALID) {
		struct form form = {kind, report.text, report.place, report.contact,
		                    km_page_words_for(request, "report-fault", report.text ? "long" : "empty")};
		*problem = (struct km_problem){0};
		return reply_form(request, reply, mark, &form, problem);
	}
	if (error)
		return error;
	/* Elsewhere, so that loading the page again does not send it again. */
	reply->status = 303;
	reply->max_age_s = KM_CACHE_NOT;
	snprintf(reply->location, sizeof reply->location, "/report/thanks?reference=%s%s%s", reference,
	         request->language_chosen ? "&lang=" : "",
	         request->language_chosen ? km_language_code(request->language) : "");
	km_site_log(request->site, false, "%s: report %s came in", request->route->path, reference);
	return KM_OK;
}

KM_HANDLER(km_get_report)
{
	auto_asked struct km_asked asked = {0};
	enum km_error error = km_asked_read(request, false, &asked, problem);
	if (error)
		return error;
	return reply_form(request, reply, asked.mark, &(struct form){0}, problem);
}

KM_HANDLER(km_post_report)
{
	auto_asked struct km_asked asked = {0};
	enum km_error error = km_asked_read(request, false, &asked, problem);
	return error ? error : take(request, reply, asked.mark, problem);
}

KM_HANDLER(km_get_report_security)
{
	return reply_form(request, reply, NULL, &(struct form){0}, problem);
}

KM_HANDLER(km_post_report_security)
{
	return take(request, reply, NULL, problem);
}

/* Shows a reference as it was given, whoever asks: it proves nothing and opens nothing. */
KM_HANDLER(km_get_report_thanks)
{
	const char *reference = or_empty(km_pairs_find(&request->query, "reference"));
	bool ours = strlen(reference) == KM_REPORT_REFERENCE_TEXT - 1 &&
	            strspn(reference, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == strlen(reference);
	json_auto_t *data = json_pack("{s:s}", "reference", ours ? reference : "");
	reply->max_age_s = KM_CACHE_ASK;
	return km_page(request, reply, "report_thanks", data, problem);
}
