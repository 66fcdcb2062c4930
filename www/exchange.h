/*
 * One request from its first byte to its last: the callbacks of libmicrohttpd.
 */
#ifndef KM_WWW_EXCHANGE_H
#define KM_WWW_EXCHANGE_H

#include <microhttpd.h>

/* Called with the request line, before the headers are read; gives what the others find in *exchange. `site` is a
 * struct km_site. NULL where memory ran out. */
void *km_exchange_begin(void *site, const char *target, struct MHD_Connection *connection);

/* Called for the headers, for each piece of the body, and at its end. */
enum MHD_Result km_exchange_go_on(void *site, struct MHD_Connection *connection, const char *target, const char *method,
                                  const char *version, const char *piece, size_t *piece_len, void **exchange);

/* Called when it is over, however it ended. */
void km_exchange_end(void *site, struct MHD_Connection *connection, void **exchange,
                     enum MHD_RequestTerminationCode how);

/* Called when somebody has connected, and when that is over. */
void km_exchange_connect(void *site, struct MHD_Connection *connection, void **place,
                         enum MHD_ConnectionNotificationCode what);

/* The path as it came: escapes are resolved by www/request.c, which is strict. */
size_t km_exchange_leave_escapes(void *site, struct MHD_Connection *connection, char *text);

#endif
