/*
 * What a letter of the register says, in words: the subject and the text of a message. To the provider, only what it
 * may know: what is public of its mark, what it is to do, and which criteria it is to mend, but not what auditors
 * wrote.
 */
#ifndef KM_CLI_MAIL_TEXT_H
#define KM_CLI_MAIL_TEXT_H

#include "base/buf.h"
#include "base/catalogue.h"
#include "base/error.h"
#include "registry/letter.h"

/* The texts; free with km_catalogue_free. */
enum km_error km_mail_words(struct km_catalogue **ret_words, struct km_problem *problem);

/* Adds the subject, and the text with a newline behind each line; url is the registry's. A buffer that has failed says
 * that memory ran out. */
void km_mail_text(const struct km_catalogue *words, const struct km_letter *letter, const char *url,
                  struct km_buf *subject, struct km_buf *text);

/* The same of a message that shows that mail works. */
void km_mail_trial(const struct km_catalogue *words, enum km_language language, const char *url, struct km_buf *subject,
                   struct km_buf *text);

#endif
