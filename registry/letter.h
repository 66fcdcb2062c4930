/*
 * What a mail of the queue (registry/mail.h) says and to whom, as the register has it now.
 */
#ifndef KM_REGISTRY_LETTER_H
#define KM_REGISTRY_LETTER_H

#include "base/buf.h"
#include "base/catalogue.h"
#include "registry/body.h"
#include "registry/identifier.h"
#include "registry/lapse.h"
#include "registry/number.h"
#include "registry/provider.h"
#include "registry/scheme.h"
#include "registry/store.h"

#include <stdbool.h>
#include <stdint.h>

/* Strings and rows are owned by it. */
struct km_letter {
	char *key;                 /* of the mail */
	char *kind;                /* "change", "surveillance", "expiry", "suspension", "finding" */
	bool to_provider;          /* or to the body */
	char email[KM_EMAIL_TEXT]; /* as it goes to a mail server; "" where nobody is there */
	enum km_language language;
	struct km_body *body;
	struct km_provider *provider;
	struct km_scheme *scheme;    /* in its newest version */
	char number[KM_NUMBER_TEXT]; /* of the mark; "" where there is none yet */
	/* change */
	char *action;            /* NULL otherwise */
	char *text;              /* what the body wrote for the public, in that language; NULL where nothing */
	int64_t at;              /* from when it holds */
	struct km_period period; /* the last of the mark */
	/* reminder */
	int64_t due_at;
	struct km_buf criteria; /* finding: their ids, with a comma between */
	bool holds;             /* whether there is still something to tell */
};

/* KM_ABSENT "unknown-mail". Zero *ret_letter before; free with km_letter_done after, also on failure. */
enum km_error km_letter_read(struct km_store *store, int64_t mail_id, int64_t now, struct km_letter *ret_letter,
                             struct km_problem *problem);
void km_letter_done(struct km_letter *letter);
#define auto_letter __attribute__((cleanup(km_letter_done)))

#endif
