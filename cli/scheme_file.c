#include "cli/scheme_file.h"

#include "base/file.h"
#include "cli/say.h"
#include "registry/scheme.h"

#include <stdio.h>

struct faults {
	const char *path;
	size_t len;
};

static void show_fault(void *context, const char *fault)
{
	struct faults *faults = context;
	faults->len++;
	km_say(stdout, "%s: %s", faults->path, fault);
}

enum km_error km_scheme_file_read(const char *path, char **ret_json, size_t *ret_len, size_t *ret_faults,
                                  struct km_problem *problem)
{
	struct faults faults = {.path = path};
	enum km_error error = km_file_read(path, KM_SCHEME_FILE_MAX, ret_json, ret_len, problem);
	if (!error)
		error = km_scheme_check(*ret_json, *ret_len, show_fault, &faults, problem);
	*ret_faults = faults.len;
	return error;
}
