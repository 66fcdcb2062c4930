/*
 * Links within the site.
 */
#ifndef KM_WWW_LINK_H
#define KM_WWW_LINK_H

#include "base/buf.h"
#include "www/request.h"

/* Adds the text as it may stand in a path or a query: all but letters, digits and - . _ ~ as %XX. */
void km_link_add(struct km_buf *buf, const char *text);

/* Adds the address of the page that is being asked for, with one parameter of its query set to another value, or taken
 * out where value is NULL. */
void km_link_self(struct km_buf *buf, const struct km_request *request, const char *name, const char *value);

#endif
