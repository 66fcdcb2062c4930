#include "cli/domain_options.h"

#include <string.h>

static enum km_error read_address(const struct km_call *call, const char *option, bool *ret_given,
                                  struct km_listen *ret_address, struct km_problem *problem)
{
	const char *text = km_given(call, option);
	*ret_given = text != NULL;
	if (!text)
		return KM_OK;
	enum km_error error = km_listen_parse(text, ret_address, problem);
	if (error || !ret_address->port || strchr(ret_address->address, ':'))
		return km_wrong_usage(problem, "--%s %.60s: write an IPv4 address and a port, as 127.0.0.1:53", option, text);
	return KM_OK;
}

enum km_error km_domain_options(const struct km_call *call, struct km_probe_options *ret_options,
                                struct km_problem *problem)
{
	struct km_probe_options options = {0};
	enum km_error error = read_address(call, "resolver", &options.has_resolver, &options.resolver, problem);
	if (!error)
		error = read_address(call, "domain-server", &options.has_server, &options.server, problem);
	if (!error && options.has_server && strncmp(options.server.address, "127.", 4) != 0)
		error = km_wrong_usage(problem, "--domain-server %s: that is for tests, on this machine only",
		                       options.server.address);
	if (!error)
		*ret_options = options;
	return error;
}
