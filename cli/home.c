#include "cli/home.h"

#include "base/buf.h"
#include "base/file.h"

#include <stdlib.h>
#include <string.h>

#define USUAL_HOME "/var/lib/keurmerk"

enum { ADDRESS_MAX_BYTES = 4096 };

static char *inside(const char *folder, const char *name)
{
	auto_buf struct km_buf path = KM_BUF_EMPTY;
	km_buf_add_format(&path, "%s/%s", folder, name);
	return km_buf_take(&path, NULL);
}

/* Where the folder says that the register is in a database: its address. */
static enum km_error read_address(struct km_home *home, struct km_problem *problem)
{
	auto_free char *path = inside(home->folder, KM_HOME_ADDRESS), *address = NULL;
	size_t len;
	struct km_problem own = {0};
	if (!path)
		return km_fail_memory(problem);
	enum km_error error = km_file_read(path, ADDRESS_MAX_BYTES, &address, &len, &own);
	if (error == KM_ABSENT)
		return KM_OK;
	if (!error) {
		while (len && strchr(" \t\r\n", address[len - 1]))
			address[--len] = '\0';
		if (!km_store_is_address(address))
			error = km_fail(&own, KM_INVALID, "address", "%s: this is no address of a database (postgresql://…)", path);
	}
	if (error) {
		if (problem)
			*problem = own;
		return error;
	}
	free(home->database);
	home->database = address;
	address = NULL;
	return KM_OK;
}

enum km_error km_home_at(const char *folder, struct km_home *ret_home, struct km_problem *problem)
{
	size_t len = strlen(folder);
	while (len > 1 && folder[len - 1] == '/')
		len--;
	auto_home struct km_home home = {.folder = strndup(folder, len)};
	if (home.folder) {
		home.database = inside(home.folder, "register.db");
		home.keys = inside(home.folder, "keys");
	}
	if (!home.folder || !home.database || !home.keys)
		return km_fail_memory(problem);
	enum km_error error = read_address(&home, problem);
	if (error)
		return error;
	*ret_home = home;
	home = (struct km_home){0};
	return KM_OK;
}

enum km_error km_home_find(const struct km_call *call, struct km_home *ret_home, struct km_problem *problem)
{
	const char *folder = km_given(call, "home");
	if (!folder)
		folder = getenv("KEURMERK_HOME");
	if (folder && !*folder)
		return km_wrong_usage(problem, "the folder of the registry is empty text: name one with --home DIR");
	enum km_error error = km_home_at(folder ? folder : USUAL_HOME, ret_home, problem);
	if (!error)
		ret_home->chosen = folder != NULL;
	return error;
}

void km_home_done(struct km_home *home)
{
	free(home->folder);
	free(home->database);
	free(home->keys);
}

enum km_error km_home_store(const struct km_call *call, enum km_store_mode mode, struct km_store **ret_store,
                            struct km_problem *problem)
{
	auto_home struct km_home home = {0};
	enum km_error error = km_home_find(call, &home, problem);
	if (error)
		return error;
	error = km_store_open(home.database, mode, ret_store, problem);
	if (error == KM_ABSENT && !home.chosen)
		return km_fail(
			problem, KM_ABSENT, "no-register",
			"there is no register in %s: name its folder with --home DIR or $KEURMERK_HOME, or make one with "
			"`keurmerk init`",
			home.folder);
	return error;
}
