#include "keys/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14) /* newer than the header of Debian 12: landlock(7) */
#endif

/* How many of the rights in that header each version knows; those of version 5 end with that to use devices (ioctl). */
enum { RIGHTS_OF_VERSION_1 = 13, RIGHTS_OF_VERSION_2 = 14, RIGHTS_OF_VERSION_3 = 15, RIGHTS_OF_VERSION_5 = 16 };

static const uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
static const uint64_t writing =
	LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE;

/* All rights to files that this kernel can withhold; 0 where it can withhold none. */
static uint64_t withheld(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
	if (version < 1)
		return 0;
	int rights = version >= 5   ? RIGHTS_OF_VERSION_5
	             : version >= 3 ? RIGHTS_OF_VERSION_3
	             : version >= 2 ? RIGHTS_OF_VERSION_2
	                            : RIGHTS_OF_VERSION_1;
	return (1ULL << rights) - 1;
}

/* 0, or why not. One that is not there cannot be opened either. */
static int leave(int rules, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr left = {.parent_fd = open(path, O_PATH | O_CLOEXEC)};
	struct stat status;
	if (left.parent_fd < 0)
		return errno == ENOENT ? 0 : errno;
	int reason = fstat(left.parent_fd, &status) == 0 ? 0 : errno;
	left.allowed_access = reason || S_ISDIR(status.st_mode) ? rights : rights & ~(uint64_t)LANDLOCK_ACCESS_FS_READ_DIR;
	if (!reason && syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &left, 0) != 0)
		reason = errno;
	close(left.parent_fd);
	return reason;
}

static int leave_all(int rules, const struct km_landlock_files *files, uint64_t rights)
{
	int reason = 0;
	for (size_t i = 0; !reason && i < files->read_len; i++)
		reason = leave(rules, files->read[i], rights & reading);
	for (size_t i = 0; !reason && i < files->write_len; i++)
		reason = leave(rules, files->write[i], rights & writing);
	return reason;
}

enum km_error km_landlock(const struct km_landlock_files *files, bool *ret_fenced, struct km_problem *problem)
{
	const struct landlock_ruleset_attr all = {.handled_access_fs = withheld()};
	if (!all.handled_access_fs) {
		*ret_fenced = false;
		return KM_OK;
	}
	int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
	int reason = rules < 0 ? errno : leave_all(rules, files, all.handled_access_fs);
	if (!reason && syscall(SYS_landlock_restrict_self, rules, 0) != 0)
		reason = errno;
	if (rules >= 0)
		close(rules);
	if (reason)
		return km_fail(problem, KM_UNAVAILABLE, "sandbox", "the server cannot give up its files (Landlock: %s)",
		               strerror(reason));
	*ret_fenced = true;
	return KM_OK;
}
