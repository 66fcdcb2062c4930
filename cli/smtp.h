/*
 * Handing messages to a mail server, by SMTP with TLS (RFC 5321, RFC 3207, RFC 8314): over libcurl. One connection
 * serves for all of them, for as long as the server keeps it open.
 */
#ifndef KM_CLI_SMTP_H
#define KM_CLI_SMTP_H

#include "base/error.h"
#include "cli/mail_settings.h"

#include <stddef.h>

enum { KM_SMTP_DETAIL_TEXT = 200, KM_SMTP_WAIT_S = 300 };

enum km_smtp_outcome {
	KM_SMTP_TAKEN,   /* the server has taken the message */
	KM_SMTP_REFUSED, /* it will never take this one */
	KM_SMTP_LATER,   /* it did not take this one now */
	KM_SMTP_DOWN, /* there is no server to speak to, it did not prove who it is, it does not take us, or the connection
	               * broke: nothing will go out now. Where it broke after the last byte of the message, the server may
	               * have taken it. */
};

struct km_smtp;

/* Connects to nothing yet. The settings are borrowed; host is what we say we are called. Free with km_smtp_close, which
 * accepts NULL. */
enum km_error km_smtp_open(const struct km_mail_settings *settings, const char *host, struct km_smtp **ret_smtp,
                           struct km_problem *problem);
void km_smtp_close(struct km_smtp *smtp);
static inline void km_auto_smtp(struct km_smtp **smtp)
{
	km_smtp_close(*smtp);
}
#define auto_smtp __attribute__((cleanup(km_auto_smtp)))

/* Hands over one message (cli/mail_message.h), within KM_SMTP_WAIT_S. The detail, for the operator, is what the server
 * said, without any address in it, or what went wrong. */
enum km_error km_smtp_send(struct km_smtp *smtp, const char *to, const char *message, size_t len,
                           enum km_smtp_outcome *ret_outcome, char ret_detail[static KM_SMTP_DETAIL_TEXT],
                           struct km_problem *problem);

#endif
