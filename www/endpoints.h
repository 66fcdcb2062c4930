/*
 * The table of all addresses. To add one: a line in www/endpoints.c, a declaration here, and a file in www/endpoints/
 * named after its path.
 */
#ifndef KM_WWW_ENDPOINTS_H
#define KM_WWW_ENDPOINTS_H

#include "www/route.h"

extern const struct km_route km_routes[];
extern const size_t km_routes_len;

#define KM_HANDLER(name)                                                                                               \
	enum km_error name(struct km_request *request, struct km_reply *reply, struct km_problem *problem)

KM_HANDLER(km_get_healthz);
KM_HANDLER(km_get_readyz);
KM_HANDLER(km_get_metrics);
KM_HANDLER(km_get_static);
KM_HANDLER(km_get_jwks);
KM_HANDLER(km_get_root_signed_keys);
KM_HANDLER(km_get_did);
KM_HANDLER(km_get_key);
KM_HANDLER(km_get_context);
KM_HANDLER(km_get_search);
KM_HANDLER(km_get_q);
KM_HANDLER(km_get_scan);
KM_HANDLER(km_get_sw);
KM_HANDLER(km_get_manifest);
KM_HANDLER(km_get_scheme);
KM_HANDLER(km_get_mark);
KM_HANDLER(km_get_mark_json);
KM_HANDLER(km_get_mark_json_ld);
KM_HANDLER(km_get_mark_jwt);
KM_HANDLER(km_get_mark_status);
KM_HANDLER(km_get_mark_svg);
KM_HANDLER(km_get_mark_png);
KM_HANDLER(km_get_mark_pdf);
KM_HANDLER(km_get_embed);
KM_HANDLER(km_get_embed_js);
KM_HANDLER(km_get_mark_qr_svg);
KM_HANDLER(km_get_mark_qr_png);
KM_HANDLER(km_get_mark_signed_qr_svg);
KM_HANDLER(km_get_mark_signed_qr_png);
KM_HANDLER(km_get_mark_tlog_proof);
KM_HANDLER(km_get_log_credential);
KM_HANDLER(km_get_log_checkpoint);
KM_HANDLER(km_get_log_tile);
KM_HANDLER(km_get_revocation_list);
KM_HANDLER(km_get_suspension_list);
KM_HANDLER(km_get_marks);
KM_HANDLER(km_get_providers);
KM_HANDLER(km_get_provider);
KM_HANDLER(km_get_schemes);
KM_HANDLER(km_get_scheme_json);
KM_HANDLER(km_get_figures);
KM_HANDLER(km_get_figures_json);
KM_HANDLER(km_get_problems);
KM_HANDLER(km_get_check);
KM_HANDLER(km_post_check);
KM_HANDLER(km_post_checks);
KM_HANDLER(km_get_feed_atom);
KM_HANDLER(km_get_feed_json);
KM_HANDLER(km_get_mark_atom);
KM_HANDLER(km_get_watch_atom);
KM_HANDLER(km_get_watch_json);
KM_HANDLER(km_get_register_csv);
KM_HANDLER(km_get_register_jsonl);
KM_HANDLER(km_get_register_jwt);
KM_HANDLER(km_get_report);
KM_HANDLER(km_post_report);
KM_HANDLER(km_get_report_security);
KM_HANDLER(km_post_report_security);
KM_HANDLER(km_get_report_thanks);
KM_HANDLER(km_get_security_txt);
KM_HANDLER(km_get_openapi);
KM_HANDLER(km_post_submission);
KM_HANDLER(km_post_enrolment);
KM_HANDLER(km_get_provider_page);
KM_HANDLER(km_get_console);
KM_HANDLER(km_get_console_challenge);
KM_HANDLER(km_get_console_me);
KM_HANDLER(km_get_console_due);
KM_HANDLER(km_get_console_rules);
KM_HANDLER(km_get_console_providers);
KM_HANDLER(km_get_console_provider);
KM_HANDLER(km_get_console_scheme);
KM_HANDLER(km_get_console_link);
KM_HANDLER(km_get_console_audits);
KM_HANDLER(km_get_console_audit);
KM_HANDLER(km_get_console_marks);
KM_HANDLER(km_get_console_mark);
KM_HANDLER(km_get_console_cases);
KM_HANDLER(km_get_console_reports);
KM_HANDLER(km_get_console_people);
KM_HANDLER(km_get_console_transfers);
KM_HANDLER(km_get_console_transfer);
KM_HANDLER(km_get_console_bodies);
KM_HANDLER(km_post_console_session);
KM_HANDLER(km_post_console_session_end);

#endif
