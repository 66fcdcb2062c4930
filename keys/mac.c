#include "keys/mac.h"

#include "base/digest.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

enum km_error km_mac(const void *key, size_t key_len, const void *bytes, size_t len,
                     uint8_t ret_mac[static KM_MAC_BYTES], struct km_problem *problem)
{
	uint8_t mac[KM_MAC_BYTES];
	if (key_len > INT_MAX || !HMAC(EVP_sha256(), key, (int)key_len, bytes, len, mac, NULL)) {
		ERR_clear_error();
		return km_fail_memory(problem);
	}
	memcpy(ret_mac, mac, sizeof mac);
	km_wipe(mac, sizeof mac);
	return KM_OK;
}
