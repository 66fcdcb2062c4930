/*
 * The supervisor that started us, where there is one: systemd, or whatever else speaks its protocol (sd_listen_fds(3),
 * sd_notify(3), sd_watchdog_enabled(3)), which is a few variables and datagrams, so that no library is needed.
 */
#ifndef KM_CLI_SUPERVISOR_H
#define KM_CLI_SUPERVISOR_H

#include "base/error.h"

/* The socket that it holds open for us, ready to accept from, so that nobody is turned away while we start anew; -1
 * where it gave none. KM_INVALID, type "listen", where it gave several, or something else than a listening TCP socket.
 * Once, before other files are opened. */
enum km_error km_supervisor_socket(int *ret_fd, struct km_problem *problem);

/* Tells it something, such as "READY=1". Nothing happens where nobody asked to be told, or does not listen. */
void km_supervisor_tell(const char *state);

/* How often it wants to hear "WATCHDOG=1", at the least, before it takes us for hung; 0 for never. */
unsigned km_supervisor_watchdog_ms(void);

#endif
