#include "cli/home.h"

#include "base/buf.h"
#include "base/file.h"
#include "keys/key_folder.h"
#include "keys/key_life.h"
#include "registry/address.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Removes the files in a folder of new keys, and it. */
static void remove_files(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	while (dir && (entry = readdir(dir)))
		unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(folder);
}

static void remove_keys(const char *folder, const char *secret)
{
	struct km_keyset set = {.len = 0};
	km_key_folder_keyset(folder, &set, NULL);
	for (size_t i = 0; i < set.len; i++) /* those in a token */
		km_key_folder_forget(folder, &set.entries[i], secret, NULL);
	auto_buf struct km_buf published = KM_BUF_EMPTY;
	km_buf_add_format(&published, "%s/published", folder);
	if (!published.failed)
		remove_files(published.data);
	remove_files(folder);
}

static enum km_error check_empty(const char *folder, struct km_problem *problem)
{
	DIR *dir = opendir(folder);
	if (!dir)
		return km_fail(problem, KM_IO, "open", "%s: %s", folder, strerror(errno));
	const char *found = NULL;
	struct dirent *entry;
	enum km_error error = KM_OK;
	while (!found && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			found = entry->d_name;
	if (found)
		error = km_fail(problem, KM_CONFLICT, "home-in-use",
		                "%s is in use: it holds “%s”; nothing was changed. A new registry needs a new or empty folder",
		                folder, found);
	closedir(dir);
	return error;
}

/* *ret_made: the folder is ours to remove again. */
static enum km_error prepare_folder(const char *folder, bool *ret_made, struct km_problem *problem)
{
	if (mkdir(folder, S_IRWXU) == 0) {
		*ret_made = true;
		return KM_OK;
	}
	if (errno == ENOENT)
		return km_fail(problem, KM_ABSENT, "no-parent",
		               "%s: the folder that it should be in is not there: make that first", folder);
	if (errno != EEXIST)
		return km_fail(problem, KM_IO, "create", "%s: %s", folder, strerror(errno));
	enum km_error error = check_empty(folder, problem);
	if (!error && chmod(folder, S_IRWXU) != 0)
		error =
			km_fail(problem, KM_IO, "mode", "%s: its permissions cannot be set to 0700: %s", folder, strerror(errno));
	return error;
}

static enum km_error create_register(const struct km_home *home, const char *url, int64_t now,
                                     struct km_problem *problem)
{
	if (!km_store_is_address(home->database))
		return km_store_create(home->database, url, now, problem);
	auto_buf struct km_buf path = KM_BUF_EMPTY;
	km_buf_add_format(&path, "%s/" KM_HOME_ADDRESS, home->folder);
	if (path.failed)
		return km_fail_memory(problem);
	enum km_error error = km_file_create(path.data, home->database, strlen(home->database), S_IRUSR | S_IWUSR, problem);
	if (error)
		return error;
	error = km_store_create(home->database, url, now, problem);
	if (error)
		unlink(path.data);
	return error;
}

/* The register comes last: where it is, all is. */
static enum km_error fill(const struct km_home *home, const char *url, const char *token, const char *secret,
                          int64_t now, struct km_problem *problem)
{
	enum km_error error = km_key_life_begin(home->keys, url, token, secret, now, problem);
	if (error)
		return error;
	error = create_register(home, url, now, problem);
	if (error)
		remove_keys(home->keys, secret);
	return error;
}

enum km_error km_home_make(const struct km_home *home, const char *url, const char *token, const char *secret,
                           int64_t now, struct km_problem *problem)
{
	bool made = false;
	enum km_error error = km_registry_url_check(url, problem);
	if (!error)
		error = prepare_folder(home->folder, &made, problem);
	if (error)
		return error;
	error = fill(home, url, token, secret, now, problem);
	if (error && made)
		rmdir(home->folder);
	return error;
}
