#include "badge/verify.h"

#include "badge/carrier.h"
#include "badge/qr_token.h"
#include "badge/receipt.h"
#include "badge/verdict.h"
#include "badge/verification.h"
#include "base/buf.h"

#include <string.h>
#include <strings.h>

enum { TYPED_MAX = 64, SHORT_MAX = 2048 }; /* bytes; a QR code's address is the longest of what is short */

static struct km_verification begin(const struct km_keyset *trust, const struct km_status_source *source, int64_t now,
                                    struct km_verdict *verdict)
{
	*verdict = (struct km_verdict){.outcome = KM_CANNOT_TELL, .checked_at = now};
	return (struct km_verification){trust, source, now, verdict};
}

/* A short text, without the white space around it, as a string of its own; false where it is no such thing. */
static bool is_short(const char *bytes, size_t len, char ret_text[static SHORT_MAX])
{
	while (len > 0 && strchr(" \t\r\n", *bytes) && *bytes) {
		bytes++;
		len--;
	}
	while (len > 0 && strchr(" \t\r\n", bytes[len - 1]) && bytes[len - 1])
		len--;
	if (len == 0 || len >= SHORT_MAX || memchr(bytes, '\0', len))
		return false;
	memcpy(ret_text, bytes, len);
	ret_text[len] = '\0';
	return true;
}

static bool is_number(const char *text)
{
	char number[KM_NUMBER_TEXT];
	return strlen(text) < TYPED_MAX && km_number_parse(text, number, NULL) != KM_MALFORMED;
}

/* The number in the address of a mark's page at this registry, in any case of letters, as a QR code has it. */
static bool is_page(const char *text, const struct km_keyset *trust, char ret_number[static TYPED_MAX])
{
	size_t len = trust ? strlen(trust->url) : 0;
	if (!trust || strncasecmp(text, trust->url, len) != 0 || strncasecmp(text + len, "/m/", 3) != 0)
		return false;
	const char *number = text + len + 3;
	size_t number_len = strcspn(number, "/.?#");
	if (number_len == 0 || number_len >= TYPED_MAX)
		return false;
	memcpy(ret_number, number, number_len);
	ret_number[number_len] = '\0';
	return true;
}

static void verify_carried(const struct km_verification *v, const char *bytes, size_t len)
{
	if (km_verification_is_document(bytes, len)) {
		km_verify_document(v, bytes, len);
		return;
	}
	auto_free char *token = NULL;
	struct km_problem problem = {0};
	switch (km_carrier_token(bytes, len, &token, &problem)) {
	case KM_OK:
		km_verify_credential(v, token);
		break;
	case KM_MALFORMED:
		km_verification_malformed(v, &problem);
		break;
	case KM_NO_MEMORY:
		km_verification_out_of_memory(v);
		break;
	default:
		km_verdict_check(v->verdict, KM_CHECK_FORMAT, KM_RESULT_UNKNOWN, "%s", problem.message);
		km_verdict_conclude(v->verdict, KM_CANNOT_TELL, problem.type,
		                    "Cannot tell: %s. Scan the badge's QR code, or type its number, instead.", problem.message);
	}
}

/* Anybody gets one, for any list: it must not pass for a mark where only the outcome is looked at. */
static void refuse_receipt(const struct km_keyset *trust, struct km_verdict *verdict)
{
	if (verdict->outcome == KM_GENUINE)
		km_verdict_conclude(verdict, KM_CANNOT_TELL, "receipt",
		                    "Cannot tell: this is a receipt of a supplier check by %s, and no mark.", trust->url);
}

void km_verify(const char *bytes, size_t len, const struct km_keyset *trust, const struct km_status_source *status,
               int64_t now, struct km_verdict *ret_verdict)
{
	if (km_receipt_verify(bytes, len, trust, now, ret_verdict)) {
		refuse_receipt(trust, ret_verdict);
		return;
	}
	struct km_verification v = begin(trust, status, now, ret_verdict);
	char text[SHORT_MAX], number[TYPED_MAX];
	struct km_qr_token_text qr;
	struct km_problem problem = {0};
	if (!is_short(bytes, len, text)) {
		verify_carried(&v, bytes, len);
		return;
	}
	enum km_error error = km_qr_token_find(text, strlen(text), &qr, &problem);
	if (!error)
		km_verify_qr(&v, &qr);
	else if (error == KM_MALFORMED)
		km_verification_malformed(&v, &problem);
	else if (is_number(text))
		km_verify_number(text, trust, status, now, ret_verdict);
	else if (is_page(text, trust, number))
		km_verify_number(number, trust, status, now, ret_verdict);
	else
		verify_carried(&v, bytes, len);
}

static bool read_number(struct km_verdict *verdict, const char *typed, char ret_number[static KM_NUMBER_TEXT])
{
	struct km_problem problem = {0};
	enum km_error error = km_number_parse(typed, ret_number, &problem);
	if (!error) {
		km_verdict_check(verdict, KM_CHECK_FORMAT, KM_RESULT_GOOD, "a mark number");
		return true;
	}
	/* A number with a wrong check symbol can be nobody's mark; what is no number may be anything. */
	bool impossible = error == KM_ABSENT;
	km_verdict_check(verdict, KM_CHECK_FORMAT, impossible ? KM_RESULT_BAD : KM_RESULT_UNKNOWN, "%s", problem.message);
	km_verdict_conclude(verdict, impossible ? KM_NOT_VALID : KM_CANNOT_TELL, problem.type, "%s: %s.",
	                    impossible ? "Not valid" : "Cannot tell", problem.message);
	return false;
}

void km_verify_number(const char *number, const struct km_keyset *trust, const struct km_status_source *status,
                      int64_t now, struct km_verdict *ret_verdict)
{
	struct km_verification v = begin(trust, status, now, ret_verdict);
	char parsed[KM_NUMBER_TEXT];
	if (!read_number(ret_verdict, number, parsed))
		return;
	if (trust) {
		km_verification_conclude_number(&v, parsed);
		return;
	}
	km_verdict_check(ret_verdict, KM_CHECK_ISSUER, KM_RESULT_UNKNOWN, "you have not said whose word you take");
	km_verdict_conclude(ret_verdict, KM_CANNOT_TELL, "no-trust",
	                    "Cannot tell: a number alone proves nothing. Name the registry whose word you take.");
}
