#include "cli/mirror_check.h"

#include "badge/verify.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/encode.h"
#include "cli/mirror_log.h"
#include "www/mirror_part.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DETAIL = 512, PATH_TEXT = 160 };

/* Each file once, whoever finds out. */
static void fault(struct km_mirror_check *check, const char *what, const char *path, const char *detail)
{
	if (!check->told)
		check->told = json_object();
	if (json_object_get(check->told, path))
		return;
	json_object_set_new(check->told, path, json_true());
	check->faults++;
	check->tell(check->context, what, path, detail);
}

/* What could not be read: KM_OK where that was told and the rest can be looked at. */
static enum km_error unread(struct km_mirror_check *check, const char *path, enum km_error error,
                            const struct km_problem *problem)
{
	if (error == KM_ABSENT)
		fault(check, "missing", path, "the snapshot names it");
	else if (error == KM_TOO_LARGE || error == KM_MALFORMED || error == KM_IO)
		fault(check, "altered", path, problem->message);
	else
		return error;
	return KM_OK;
}

static enum km_error check_file(struct km_mirror_check *check, const char *path,
                                const uint8_t expected[static KM_SHA256_BYTES], struct km_problem *problem)
{
	uint8_t digest[KM_SHA256_BYTES];
	enum km_error error = km_mirror_source_digest(check->source, path, digest, problem);
	check->files++;
	if (error)
		return unread(check, path, error, problem);
	if (memcmp(digest, expected, sizeof digest) != 0)
		fault(check, "altered", path, "its bytes are not those that the registry has signed");
	return KM_OK;
}

/* The part with this name; *ret_part is empty where it is not as it was signed, which was told. */
static enum km_error read_part(struct km_mirror_check *check, const char *name, struct km_mirror_part *ret_part,
                               struct km_problem *problem)
{
	char path[PATH_TEXT];
	auto_free char *text = NULL;
	size_t len = 0;
	uint8_t expected[KM_SHA256_BYTES], digest[KM_SHA256_BYTES];
	const char *hex = json_string_value(json_object_get(check->snapshot.parts, name));
	snprintf(path, sizeof path, "mirror/%s.%s.txt", name, hex);
	enum km_error error = km_mirror_source_read(check->source, path, &text, &len, problem);
	check->files++;
	if (error)
		return unread(check, path, error, problem);
	km_sha256(text, len, digest);
	if (!km_decode_exact(KM_HEX, hex, strlen(hex), expected, sizeof expected) ||
	    memcmp(digest, expected, sizeof digest) != 0) {
		fault(check, "altered", path, "its bytes are not those that the registry has signed");
		return KM_OK;
	}
	return km_mirror_part_read(text, len, ret_part, problem);
}

/* ------------------------------------------------------------------------------------------------ snapshot, lists */

static void tell_old(struct km_mirror_check *check, const char *path, int64_t until)
{
	char detail[DETAIL], time[KM_TIME_TEXT];
	km_time_format(until, time);
	snprintf(detail, sizeof detail, "it says what was so until %s, and nothing of now", time);
	check->old = true;
	check->tell(check->context, "old", path, detail);
}

static enum km_error read_snapshot(struct km_mirror_check *check, struct km_problem *problem)
{
	auto_free char *token = NULL;
	size_t len = 0;
	enum km_error error = km_mirror_source_read(check->source, "register.jwt", &token, &len, problem);
	if (!error)
		error = km_snapshot_read(token, len, check->trust, check->now, &check->snapshot, problem);
	if (error) {
		km_problem_prefix(problem, "register.jwt");
		return error;
	}
	if (!check->snapshot.parts)
		return km_fail(
			problem, KM_INVALID, "no-mirror",
			"register.jwt: this is the snapshot of a registry itself, and names no files: give the folder or "
			"the address of a mirror that `keurmerk export` made");
	if (check->snapshot.sequence < check->after) {
		char detail[DETAIL];
		snprintf(detail, sizeof detail,
		         "it is snapshot %llu, and you know of %llu: this mirror was put back, or is late",
		         (unsigned long long)check->snapshot.sequence, (unsigned long long)check->after);
		check->old = true;
		check->tell(check->context, "old", "register.jwt", detail);
	}
	if (check->now > check->snapshot.next_update)
		tell_old(check, "register.jwt", check->snapshot.next_update);
	return KM_OK;
}

/* Each is proven by its own signature where a mark is looked up; that it is of the snapshot is seen here. */
static enum km_error read_lists(struct km_mirror_check *check, struct km_problem *problem)
{
	auto_part struct km_mirror_part site = {0};
	enum km_error error =
		json_object_get(check->snapshot.parts, "site") ? read_part(check, "site", &site, problem) : KM_OK;
	for (size_t i = 0; i < site.len && !error && check->lists_len < KM_MIRROR_LISTS_MAX; i++) {
		const char *path = site.lines[i].path;
		size_t len = 0;
		if (strncmp(path, "status/", 7) != 0)
			continue;
		error = km_mirror_source_read(check->source, path, &check->lists[check->lists_len], &len, problem);
		if (error) {
			error = unread(check, path, error, problem);
			continue;
		}
		int64_t until = 0;
		uint8_t digest[KM_SHA256_BYTES];
		const char *token = check->lists[check->lists_len++];
		km_sha256(token, len, digest);
		if (memcmp(digest, site.lines[i].digest, sizeof digest) != 0)
			fault(check, "altered", path, "its bytes are not those that the registry has signed");
		else if (km_verify_list(token, check->trust, &until, problem))
			fault(check, "altered", path, problem->message);
		else if (until < check->now)
			tell_old(check, path, until);
	}
	return error;
}

enum km_error km_mirror_check_open(struct km_mirror_check *check, struct km_problem *problem)
{
	enum km_error error = read_snapshot(check, problem);
	return error ? error : read_lists(check, problem);
}

void km_mirror_check_done(struct km_mirror_check *check)
{
	for (size_t i = 0; i < check->lists_len; i++)
		free(check->lists[i]);
	km_snapshot_done(&check->snapshot);
	json_decref(check->told);
}

/* ------------------------------------------------------------------------------------------------------- all of it */

/* What the parts name, by a short digest: some bytes for each file, however many there are. */
struct named {
	uint64_t *list; /* owned */
	size_t len, capacity;
};

static uint64_t short_digest(const char *path)
{
	uint8_t digest[KM_SHA256_BYTES];
	uint64_t number;
	km_sha256(path, strlen(path), digest);
	memcpy(&number, digest, sizeof number);
	return number;
}

static enum km_error add_named(struct named *named, const char *path)
{
	if (named->len == named->capacity) {
		size_t capacity = named->capacity ? named->capacity * 2 : 4096;
		uint64_t *list = realloc(named->list, capacity * sizeof *list);
		if (!list)
			return KM_NO_MEMORY;
		named->list = list;
		named->capacity = capacity;
	}
	named->list[named->len++] = short_digest(path);
	return KM_OK;
}

static int by_number(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
	return (one > other) - (one < other);
}

struct looking {
	struct km_mirror_check *check;
	struct named *named;
};

/* A page that nobody has signed is no less dangerous for being one more. */
static enum km_error look_at_file(void *context, const char *path)
{
	const struct looking *looking = context;
	uint64_t number = short_digest(path);
	bool by_itself =
		strncmp(path, "log/", 4) == 0 || strncmp(path, "mirror/", 7) == 0 || strcmp(path, "register.jwt") == 0;
	if (!by_itself && !bsearch(&number, looking->named->list, looking->named->len, sizeof number, by_number))
		fault(looking->check, "not of the mirror", path, "the registry has not signed that it is there");
	return KM_OK;
}

static enum km_error check_parts(struct km_mirror_check *check, struct named *named, struct km_problem *problem)
{
	const char *name;
	json_t *hex;
	enum km_error error = KM_OK;
	json_object_foreach((json_t *)(uintptr_t)check->snapshot.parts, name, hex)
	{
		auto_part struct km_mirror_part part = {0};
		error = error ? error : read_part(check, name, &part, problem);
		for (size_t i = 0; i < part.len && !error; i++) {
			error = check_file(check, part.lines[i].path, part.lines[i].digest, problem);
			if (!error && add_named(named, part.lines[i].path))
				error = km_fail_memory(problem);
		}
	}
	return error;
}

static void tell_log(void *context, const char *what, const char *path, const char *detail)
{
	struct km_mirror_check *check = context;
	fault(check, what, path, detail);
}

static enum km_error has_moved(const struct km_mirror_check *check, bool *ret_moved, struct km_problem *problem)
{
	auto_free char *token = NULL;
	size_t len = 0;
	struct km_snapshot again = {0};
	enum km_error error = km_mirror_source_read(check->source, "register.jwt", &token, &len, problem);
	if (!error)
		error = km_snapshot_read(token, len, check->trust, check->now, &again, problem);
	*ret_moved = !error && !json_equal(again.payload, check->snapshot.payload);
	km_snapshot_done(&again);
	return error;
}

enum km_error km_mirror_check_all(struct km_mirror_check *check, bool *ret_moved, struct km_problem *problem)
{
	struct named named = {0};
	enum km_error error = check_parts(check, &named, problem);
	if (!error && named.len)
		qsort(named.list, named.len, sizeof *named.list, by_number);
	struct looking looking = {check, &named};
	/* Where a part is not there, what it names is not known. */
	if (!error && !check->faults)
		error = km_mirror_source_each(check->source, look_at_file, &looking, problem);
	free(named.list);
	const struct km_mirror_log log = {check->source, check->trust, check->snapshot.sequence, tell_log, check};
	if (!error)
		error = km_mirror_log_check(&log, &check->files, problem);
	return error ? error : has_moved(check, ret_moved, problem);
}

/* ------------------------------------------------------------------------------------------------------- one mark */

enum km_error km_mirror_check_mark(struct km_mirror_check *check, const char number[static KM_NUMBER_TEXT],
                                   struct km_problem *problem)
{
	char name[8];
	snprintf(name, sizeof name, "m-%.2s", number);
	auto_part struct km_mirror_part part = {0};
	size_t found = 0, faults = check->faults;
	enum km_error error = json_object_get(check->snapshot.parts, name) ? read_part(check, name, &part, problem) : KM_OK;
	for (size_t i = 0; i < part.len && !error; i++)
		if (strstr(part.lines[i].path, number)) {
			found++;
			error = check_file(check, part.lines[i].path, part.lines[i].digest, problem);
		}
	if (!error && !found && check->faults == faults)
		error = km_fail(problem, KM_ABSENT, "not-in-register", "snapshot %llu of %s has no mark %s",
		                (unsigned long long)check->snapshot.sequence, check->trust->url, number);
	return error;
}
