/*
 * Where in a JSON text a member stands, so that a fault in its content can be shown with a line number, which jansson
 * does not keep.
 */
#ifndef KM_REGISTRY_MEMBER_LINE_H
#define KM_REGISTRY_MEMBER_LINE_H

#include <stddef.h>

/* The line, from 1, of the member at this path ("criteria[3].text.nl"); where there is no such member, that of the
 * innermost object or array on the way to it. The text is JSON that has been parsed already; in any other the number
 * means nothing. Names with escapes in them are not found. */
int km_member_line(const char *json, size_t len, const char *path);

#endif
