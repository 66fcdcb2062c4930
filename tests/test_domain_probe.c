#include "cli/domain_probe.h"

#include "tests/test.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* Where every name leads in this program, libcurl's look-ups too: the C library's own is not asked. */
static const char *everywhere;

struct found {
	struct addrinfo info;
	union {
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address;
};

int getaddrinfo(const char *restrict name, const char *restrict service, const struct addrinfo *restrict wanted,
                struct addrinfo **restrict ret_found)
{
	(void)name;
	struct found *found = calloc(1, sizeof *found);
	if (!found)
		return EAI_MEMORY;
	in_port_t port = htons((uint16_t)(service ? atoi(service) : 0));
	found->info = (struct addrinfo){.ai_socktype = wanted && wanted->ai_socktype ? wanted->ai_socktype : SOCK_STREAM,
	                                .ai_addr = (struct sockaddr *)&found->address};
	if (inet_pton(AF_INET, everywhere, &found->address.v4.sin_addr) == 1) {
		found->address.v4.sin_family = AF_INET;
		found->address.v4.sin_port = port;
		found->info.ai_addrlen = sizeof found->address.v4;
	} else {
		assert_int_equal(inet_pton(AF_INET6, everywhere, &found->address.v6.sin6_addr), 1);
		found->address.v6.sin6_family = AF_INET6;
		found->address.v6.sin6_port = port;
		found->info.ai_addrlen = sizeof found->address.v6;
	}
	found->info.ai_family = ((struct sockaddr *)&found->address)->sa_family;
	*ret_found = &found->info;
	return 0;
}

void freeaddrinfo(struct addrinfo *info)
{
	free(info);
}

static const struct km_probe_options options = {
	.has_resolver = true, .resolver = {.address = "127.0.0.1", .port = 9}, /* nobody answers there */
};

static void a_name_that_leads_into_our_own_network_is_not_connected_to(void **state)
{
	(void)state;
	static const char *const addresses[] = {"127.0.0.1",   "10.0.0.1", "169.254.169.254",
	                                        "192.168.1.1", "::1",      "fe80::1"};
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
		struct km_problem problem = {0};
		enum km_probe_found found = KM_PROBE_FILE;
		char detail[KM_PROBE_DETAIL_TEXT];
		everywhere = addresses[i];
		assert_ok(km_probe(&options, "voorbeeld.nl", "keurmerk-x", &found, detail, &problem), &problem);
		assert_int_equal(found, KM_PROBE_NOTHING);
		assert_string_equal(detail, "file: the name leads to an address that is not public; DNS: no answer");
	}
}

static void a_look_can_be_ended_early(void **state)
{
	(void)state;
	static const atomic_bool stop = true;
	struct km_problem problem = {0};
	struct km_probe_options stopped = options;
	enum km_probe_found found = KM_PROBE_FILE;
	char detail[KM_PROBE_DETAIL_TEXT];
	stopped.stop = &stop;
	everywhere = "127.0.0.1";
	assert_ok(km_probe(&stopped, "voorbeeld.nl", "keurmerk-x", &found, detail, &problem), &problem);
	assert_int_equal(found, KM_PROBE_NOTHING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_that_leads_into_our_own_network_is_not_connected_to),
		cmocka_unit_test(a_look_can_be_ended_early),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
