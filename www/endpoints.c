#include "www/endpoints.h"

#include "registry/submission.h"
#include "registry/supplier_list.h"

enum {
	ENROLMENT_MAX_BYTES = 16 * 1024,
	SIGN_IN_MAX_BYTES = 4096,
	CHECK_FORM_MAX_BYTES = KM_SUPPLIER_LIST_MAX + 64 * 1024,
	REPORT_MAX_BYTES = 64 * 1024, /* each character of the longest report, escaped */
};

enum {
	PAGE = KM_ROUTE_PAGE | KM_ROUTE_READS,
	OPEN = KM_ROUTE_PUBLIC,
	OPEN_READ = KM_ROUTE_PUBLIC | KM_ROUTE_READS,
	MARK = OPEN_READ | KM_ROUTE_READY,
	ISSUED = MARK | KM_ROUTE_PLAIN,
	LIST = OPEN | KM_ROUTE_STORE | KM_ROUTE_READY | KM_ROUTE_PLAIN,
	CONSOLE = KM_ROUTE_CONSOLE | KM_ROUTE_PAGE,
	DESK = KM_ROUTE_CONSOLE | KM_ROUTE_READS,
	API_READ = KM_ROUTE_API | KM_ROUTE_PUBLIC | KM_ROUTE_READS,
};

static const char jose[] = "application/jose";
static const char form[] = "application/x-www-form-urlencoded";

const struct km_route km_routes[] = {
	{KM_GET, "/", km_get_search, PAGE | KM_ROUTE_COSTLY, 0, NULL},
	{KM_GET, "/m/{number}.json", km_get_mark_json, MARK, 0, NULL},
	{KM_GET, "/m/{number}.json-ld", km_get_mark_json_ld, ISSUED, 0, NULL},
	{KM_GET, "/m/{number}.atom", km_get_mark_atom, OPEN_READ, 0, NULL},
	{KM_GET, "/m/{number}.jwt", km_get_mark_jwt, ISSUED, 0, NULL},
	{KM_GET, "/m/{number}.qr.svg", km_get_mark_qr_svg, MARK, 0, NULL},
	{KM_GET, "/m/{number}.qr.png", km_get_mark_qr_png, MARK | KM_ROUTE_COSTLY, 0, NULL},
	{KM_GET, "/m/{number}.signed-qr.svg", km_get_mark_signed_qr_svg, MARK, 0, NULL},
	{KM_GET, "/m/{number}.signed-qr.png", km_get_mark_signed_qr_png, MARK | KM_ROUTE_COSTLY, 0, NULL},
	{KM_GET, "/m/{number}.svg", km_get_mark_svg, MARK, 0, NULL},
	{KM_GET, "/m/{number}.png", km_get_mark_png, MARK | KM_ROUTE_COSTLY, 0, NULL},
	{KM_GET, "/m/{number}.pdf", km_get_mark_pdf, MARK | KM_ROUTE_COSTLY, 0, NULL},
	{KM_GET, "/m/{number}.tlog-proof", km_get_mark_tlog_proof, OPEN_READ, 0, NULL},
	{KM_GET, "/m/{number}", km_get_mark, PAGE | MARK | KM_ROUTE_LOOKUP, 0, NULL},
	{KM_GET, "/m/{number}/status.jwt", km_get_mark_status, ISSUED, 0, NULL},
	{KM_GET, "/q/{token}", km_get_q, PAGE | OPEN, 0, NULL},
	{KM_GET, "/scan", km_get_scan, PAGE, 0, NULL},
	{KM_GET, "/sw.js", km_get_sw, KM_ROUTE_READS, 0, NULL},
	{KM_GET, "/manifest.webmanifest", km_get_manifest, KM_ROUTE_PAGE, 0, NULL},
	{KM_GET, "/schemes/{id}", km_get_scheme, PAGE | OPEN, 0, NULL},
	{KM_GET, "/check", km_get_check, KM_ROUTE_PAGE, 0, NULL},
	{KM_POST, "/check", km_post_check, PAGE | KM_ROUTE_DEAR, CHECK_FORM_MAX_BYTES, "multipart/form-data"},
	{KM_GET, "/embed/{number}", km_get_embed, PAGE, 0, NULL},
	{KM_GET, "/embed.js", km_get_embed_js, OPEN, 0, NULL},
	{KM_GET, "/feed.atom", km_get_feed_atom, OPEN_READ, 0, NULL},
	{KM_GET, "/feed.json", km_get_feed_json, OPEN_READ, 0, NULL},
	{KM_GET, "/watch.atom", km_get_watch_atom, KM_ROUTE_READS | KM_ROUTE_DEAR, 0, NULL},
	{KM_GET, "/watch.json", km_get_watch_json, KM_ROUTE_READS | KM_ROUTE_DEAR, 0, NULL},
	{KM_GET, "/figures", km_get_figures, PAGE | OPEN, 0, NULL},
	{KM_GET, "/problems", km_get_problems, KM_ROUTE_PAGE, 0, NULL},
	{KM_GET, "/register.csv", km_get_register_csv, OPEN_READ, 0, NULL},
	{KM_GET, "/register.jsonl", km_get_register_jsonl, OPEN_READ, 0, NULL},
	{KM_GET, "/register.jwt", km_get_register_jwt, OPEN_READ, 0, NULL},
	{KM_GET, "/report/thanks", km_get_report_thanks, KM_ROUTE_PAGE, 0, NULL},
	{KM_GET, "/report/security", km_get_report_security, KM_ROUTE_PAGE, 0, NULL},
	{KM_POST, "/report/security", km_post_report_security, KM_ROUTE_PAGE | KM_ROUTE_DEAR, REPORT_MAX_BYTES, form},
	{KM_GET, "/report/{number}", km_get_report, PAGE, 0, NULL},
	{KM_POST, "/report/{number}", km_post_report, PAGE | KM_ROUTE_DEAR, REPORT_MAX_BYTES, form},
	{KM_GET, "/static/{file}", km_get_static, 0, 0, NULL},

	{KM_GET, "/v1/openapi.json", km_get_openapi, KM_ROUTE_API | OPEN, 0, NULL},
	{KM_GET, "/v1/marks", km_get_marks, API_READ | KM_ROUTE_COSTLY, 0, NULL},
	{KM_GET, "/v1/marks/{number}", km_get_mark_json, API_READ | KM_ROUTE_READY, 0, NULL},
	{KM_GET, "/v1/providers", km_get_providers, API_READ, 0, NULL},
	{KM_GET, "/v1/figures", km_get_figures_json, API_READ, 0, NULL},
	{KM_GET, "/v1/providers/{kvk}", km_get_provider, API_READ, 0, NULL},
	{KM_GET, "/v1/schemes", km_get_schemes, API_READ, 0, NULL},
	{KM_GET, "/v1/schemes/{id}", km_get_scheme_json, API_READ, 0, NULL},
	{KM_POST, "/v1/checks", km_post_checks, KM_ROUTE_API | KM_ROUTE_READS | KM_ROUTE_DEAR, KM_SUPPLIER_LIST_MAX,
     "text/csv"},
	{KM_POST, "/v1/submissions", km_post_submission, KM_ROUTE_API, KM_SUBMISSION_MAX, jose},
	{KM_POST, "/v1/enrolments", km_post_enrolment, KM_ROUTE_API | KM_ROUTE_DEAR, ENROLMENT_MAX_BYTES, jose},

	{KM_GET, "/console", km_get_console, CONSOLE, 0, NULL},
	{KM_GET, "/console/enrol", km_get_console, CONSOLE, 0, NULL},
	{KM_GET, "/console/api/challenge", km_get_console_challenge, DESK, 0, NULL},
	{KM_POST, "/console/api/session", km_post_console_session, DESK, SIGN_IN_MAX_BYTES, jose},
	{KM_POST, "/console/api/session/end", km_post_console_session_end, DESK, 0, jose},
	{KM_GET, "/console/api/me", km_get_console_me, DESK, 0, NULL},
	{KM_GET, "/console/api/due", km_get_console_due, DESK, 0, NULL},
	{KM_GET, "/console/api/rules", km_get_console_rules, DESK, 0, NULL},
	{KM_GET, "/console/api/providers", km_get_console_providers, DESK, 0, NULL},
	{KM_GET, "/console/api/providers/{kvk}", km_get_console_provider, DESK, 0, NULL},
	{KM_GET, "/console/api/schemes/{id}/{version}", km_get_console_scheme, DESK, 0, NULL},
	{KM_GET, "/console/api/audits", km_get_console_audits, DESK, 0, NULL},
	{KM_GET, "/console/api/audits/{id}", km_get_console_audit, DESK, 0, NULL},
	{KM_GET, "/console/api/marks", km_get_console_marks, DESK, 0, NULL},
	{KM_GET, "/console/api/marks/{number}", km_get_console_mark, DESK, 0, NULL},
	{KM_GET, "/console/api/cases", km_get_console_cases, DESK, 0, NULL},
	{KM_GET, "/console/api/reports", km_get_console_reports, DESK, 0, NULL},
	{KM_GET, "/console/api/people", km_get_console_people, DESK, 0, NULL},

	{KM_GET, "/.well-known/security.txt", km_get_security_txt, 0, 0, NULL},
	{KM_GET, "/.well-known/jwks.json", km_get_jwks, OPEN, 0, NULL},
	{KM_GET, "/.well-known/keurmerk-keys.jwt", km_get_root_signed_keys, OPEN, 0, NULL},
	{KM_GET, "/.well-known/did.json", km_get_did, OPEN, 0, NULL},
	{KM_GET, "/did.json", km_get_did, OPEN, 0, NULL},
	{KM_GET, "/keys/{thumbprint}.jwk", km_get_key, OPEN, 0, NULL},
	{KM_GET, "/contexts/v1", km_get_context, OPEN, 0, NULL},
	{KM_GET, "/status/revocation/{list}", km_get_revocation_list, LIST, 0, NULL},
	{KM_GET, "/status/suspension/{list}", km_get_suspension_list, LIST, 0, NULL},

	{KM_GET, "/log/checkpoint", km_get_log_checkpoint, OPEN_READ, 0, NULL},
	{KM_GET, "/log/credential/{digest}", km_get_log_credential, OPEN_READ, 0, NULL},
	{KM_GET, "/log/{tile*}", km_get_log_tile, OPEN_READ, 0, NULL},

	{KM_GET, "/healthz", km_get_healthz, 0, 0, NULL},
	{KM_GET, "/metrics", km_get_metrics, 0, 0, NULL},
	{KM_GET, "/readyz", km_get_readyz, KM_ROUTE_READS, 0, NULL},
};
const size_t km_routes_len = sizeof km_routes / sizeof *km_routes;
