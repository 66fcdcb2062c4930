#include "cli/public_address.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct block {
	uint8_t start[4];
	int bits;
};

/* RFC 6890 and what followed it. */
static const struct block not_public_4[] = {
	{{0, 0, 0, 0}, 8},      {{10, 0, 0, 0}, 8},     {{100, 64, 0, 0}, 10}, {{127, 0, 0, 0}, 8},
	{{169, 254, 0, 0}, 16}, {{172, 16, 0, 0}, 12},  {{192, 0, 0, 0}, 24},  {{192, 0, 2, 0}, 24},
	{{192, 88, 99, 0}, 24}, {{192, 168, 0, 0}, 16}, {{198, 18, 0, 0}, 15}, {{198, 51, 100, 0}, 24},
	{{203, 0, 113, 0}, 24}, {{224, 0, 0, 0}, 3}, /* multicast, reserved, broadcast */
};

/* Within 2000::/3, the only part that is given out. */
static const struct block not_public_6[] = {
	{{0x20, 0x01, 0x00, 0x00}, 23}, /* protocols; Teredo among them, which carries IPv4 */
	{{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
	{{0x20, 0x02, 0x00, 0x00}, 16}, /* 6to4, which carries IPv4 */
	{{0x3f, 0xff, 0x00, 0x00}, 20}, /* documentation */
};

static bool in_block(const uint8_t *address, const struct block *block)
{
	for (int bit = 0; bit < block->bits; bit++) {
		unsigned mask = 0x80u >> (bit % 8);
		if ((address[bit / 8] & mask) != (block->start[bit / 8] & mask))
			return false;
	}
	return true;
}

static bool in_any(const uint8_t *address, const struct block *blocks, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (in_block(address, &blocks[i]))
			return true;
	return false;
}

bool km_address_is_public(const struct sockaddr *address)
{
	uint8_t bytes[16];
	if (address->sa_family == AF_INET) {
		memcpy(bytes, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
		return !in_any(bytes, not_public_4, sizeof not_public_4 / sizeof *not_public_4);
	}
	if (address->sa_family != AF_INET6)
		return false;
	memcpy(bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, sizeof bytes);
	static const struct block given_out = {{0x20, 0, 0, 0}, 3};
	return in_block(bytes, &given_out) && !in_any(bytes, not_public_6, sizeof not_public_6 / sizeof *not_public_6);
}
