/*
 * Links within the site.
 */
#ifndef KM_WWW_LINK_H
#define KM_WWW_LINK_H

#include "base/buf.h"
#include "www/request.h"

/* Adds the text as it may stand in a path or a query: all but letters, digits and - . _ ~ as %XX. */
void km_link_add(struct km_buf *buf, const char *text);

/* What stands for the "?" of an address in the name of a mirror's file, as it is written in a link: the file holds a
 * question mark, and no server takes it for the beginning of a query. */
#define KM_LINK_ASK_FILE "%3F"

/* Adds the address of a mirror's file for this page in this language. */
void km_link_file(struct km_buf *buf, const char *path, const char *language);

/* Adds the address of the page that is being asked for, with one parameter of its query set to another value, or taken
 * out where value is NULL. */
void km_link_self(struct km_buf *buf, const struct km_request *request, const char *name, const char *value);

#endif
