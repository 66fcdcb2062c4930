/*
 * Addresses of the internet at large, apart from those of this machine, its network, and what leads back to them.
 */
#ifndef KM_CLI_PUBLIC_ADDRESS_H
#define KM_CLI_PUBLIC_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* Whether anybody may be connected to there: a unicast address that IANA's registries of special-purpose addresses do
 * not keep for something else, nor one that carries another address within it. */
bool km_address_is_public(const struct sockaddr *address);

#endif
