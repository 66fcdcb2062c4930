/*
 * An e-mail message as it goes to a mail server (RFC 5322, RFC 2045, RFC 2047): plain text in one part. Every byte of
 * it is ASCII, no line is longer than 78 characters but for an address that is, and nothing that is put into it,
 * whatever it holds, can begin another header. There is no parameter in it that would need RFC 2231.
 */
#ifndef KM_CLI_MAIL_MESSAGE_H
#define KM_CLI_MAIL_MESSAGE_H

#include "base/buf.h"
#include "base/catalogue.h"

#include <stdint.h>

struct km_mail_message {
	const char *from_name;      /* UTF-8 */
	const char *from, *to;      /* addresses as km_email_normalise gives them */
	const char *subject, *text; /* UTF-8; lines end with \n */
	const char *key;            /* what it is about, and to whom: the same gives the same Message-ID */
	const char *url;            /* of the registry: its host is the right side of that */
	enum km_language language;
	int64_t date;
};

/* Adds it to the buffer, with CRLF at the end of each line. Dots at the start of a line are as they are: doubling them
 * is up to whoever speaks SMTP. */
void km_mail_message(const struct km_mail_message *message, struct km_buf *buf);

/* Adds the host of an address "https://host:port", without the port. */
void km_mail_add_host(const char *url, struct km_buf *buf);

#endif
