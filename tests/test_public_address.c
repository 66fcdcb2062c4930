#include "cli/public_address.h"

#include "tests/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

static bool is_public(const char *text)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(443)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(443)};
	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return km_address_is_public((const struct sockaddr *)&v4);
	assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return km_address_is_public((const struct sockaddr *)&v6);
}

static void addresses_of_the_internet_are_public(void **state)
{
	(void)state;
	static const char *const addresses[] = {
		"1.1.1.1",      "9.255.255.255",   "11.0.0.0",     "100.63.255.255", "100.128.0.0", "126.255.255.255",
		"128.0.0.0",    "169.253.255.255", "169.255.0.0",  "172.15.255.255", "172.32.0.0",  "191.255.255.255",
		"192.0.1.0",    "192.167.255.255", "192.169.0.0",  "198.17.255.255", "198.20.0.0",  "223.255.255.255",
		"2000::1",      "2001:200::1",     "2a00:1450::1", "2001:db7::1",    "2001:db9::1", "2003::1",
		"3ffe:ffff::1", "3fff:1000::1",
	};
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
		if (!is_public(addresses[i]))
			fail_msg("%s", addresses[i]);
}

static void addresses_of_this_machine_and_its_network_are_not(void **state)
{
	(void)state;
	static const char *const addresses[] = {
		"0.0.0.0",
		"0.255.255.255",
		"10.0.0.0",
		"10.255.255.255",
		"100.64.0.0",
		"100.127.255.255",
		"127.0.0.1",
		"127.255.255.255",
		"169.254.0.0",
		"169.254.169.254",
		"172.16.0.0",
		"172.31.255.255",
		"192.0.0.8",
		"192.0.2.1",
		"192.88.99.1",
		"192.168.0.0",
		"192.168.255.255",
		"198.18.0.0",
		"198.19.255.255",
		"198.51.100.7",
		"203.0.113.7",
		"224.0.0.1",
		"239.255.255.255",
		"240.0.0.1",
		"255.255.255.255",
		"::",
		"::1",
		"::ffff:8.8.8.8",
		"::8.8.8.8",
		"64:ff9b::808:808",
		"100::1",
		"1fff::1",
		"2001::1",
		"2001:1ff::1",
		"2001:db8::1",
		"2002:7f00:1::",
		"3fff:0fff::1",
		"4000::1",
		"fc00::1",
		"fd12::1",
		"fe80::1",
		"fec0::1",
		"ff02::1",
	};
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
		if (is_public(addresses[i]))
			fail_msg("%s", addresses[i]);
}

static void an_address_of_another_kind_is_not(void **state)
{
	(void)state;
	const struct sockaddr_un local = {.sun_family = AF_UNIX};
	assert_false(km_address_is_public((const struct sockaddr *)&local));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_the_internet_are_public),
		cmocka_unit_test(addresses_of_this_machine_and_its_network_are_not),
		cmocka_unit_test(an_address_of_another_kind_is_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
