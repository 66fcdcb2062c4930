#include "tests/bad_disk.h"

#include <fcntl.h>
#include <libgen.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_TEXT = 512 };

struct file {
	sqlite3_file base;
	const char *path;    /* SQLite keeps it for as long as the file is open */
	sqlite3_file *inner; /* behind this, in the same memory */
};

static sqlite3_vfs *inner_vfs;
static enum bad_disk_fault fault;
static int left; /* accesses until the first that fails */
static bool failed;
static char kept[PATH_TEXT];

void bad_disk_break(enum bad_disk_fault which, int nth)
{
	fault = which;
	left = nth;
	failed = false;
}

bool bad_disk_failed(void)
{
	return failed;
}

void bad_disk_keep(const char *folder)
{
	snprintf(kept, sizeof kept, "%s", folder ? folder : "");
}

/* Whether an access that these faults are about is to fail. */
static bool fails(bool concerned)
{
	if (fault == DISK_GOOD || !concerned)
		return false;
	if (left > 1) {
		left--;
		return false;
	}
	failed = true;
	return true;
}

static sqlite3_file *inner(sqlite3_file *file)
{
	return ((struct file *)file)->inner;
}

static int close_file(sqlite3_file *file)
{
	return inner(file)->pMethods->xClose(inner(file));
}

static int read_file(sqlite3_file *file, void *bytes, int len, sqlite3_int64 at)
{
	if (fails(fault == DISK_READ_FAILS))
		return SQLITE_IOERR_READ;
	return inner(file)->pMethods->xRead(inner(file), bytes, len, at);
}

static int write_file(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
	if (fails(fault == DISK_WRITE_FAILS))
		return SQLITE_IOERR_WRITE;
	if (fails(fault == DISK_FULL))
		return SQLITE_FULL;
	if (fails(fault == DISK_WRITE_TEARS)) {
		inner(file)->pMethods->xWrite(inner(file), bytes, len / 2, at);
		return SQLITE_IOERR_WRITE;
	}
	return inner(file)->pMethods->xWrite(inner(file), bytes, len, at);
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 len)
{
	return inner(file)->pMethods->xTruncate(inner(file), len);
}

static void copy_to_kept(const char *path)
{
	char *name = strdup(path), to[2 * PATH_TEXT], block[65536];
	snprintf(to, sizeof to, "%s/%s", kept, basename(name));
	free(name);
	int from = open(path, O_RDONLY | O_CLOEXEC), into = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t len;
	while ((len = read(from, block, sizeof block)) > 0)
		if (write(into, block, (size_t)len) != len)
			abort();
	close(from);
	close(into);
}

static int sync_file(sqlite3_file *file, int flags)
{
	if (fails(fault == DISK_SYNC_FAILS))
		return SQLITE_IOERR_FSYNC;
	int code = inner(file)->pMethods->xSync(inner(file), flags);
	if (code == SQLITE_OK && *kept)
		copy_to_kept(((struct file *)file)->path);
	return code;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *ret_len)
{
	return inner(file)->pMethods->xFileSize(inner(file), ret_len);
}

static int lock_file(sqlite3_file *file, int kind)
{
	return inner(file)->pMethods->xLock(inner(file), kind);
}

static int unlock_file(sqlite3_file *file, int kind)
{
	return inner(file)->pMethods->xUnlock(inner(file), kind);
}

static int is_reserved(sqlite3_file *file, int *ret_reserved)
{
	return inner(file)->pMethods->xCheckReservedLock(inner(file), ret_reserved);
}

static int control(sqlite3_file *file, int what, void *argument)
{
	return inner(file)->pMethods->xFileControl(inner(file), what, argument);
}

static int sector_size(sqlite3_file *file)
{
	return inner(file)->pMethods->xSectorSize(inner(file));
}

static int characteristics(sqlite3_file *file)
{
	return inner(file)->pMethods->xDeviceCharacteristics(inner(file));
}

static int map_shm(sqlite3_file *file, int page, int size, int extend, void volatile **ret_memory)
{
	return inner(file)->pMethods->xShmMap(inner(file), page, size, extend, ret_memory);
}

static int lock_shm(sqlite3_file *file, int offset, int n, int flags)
{
	return inner(file)->pMethods->xShmLock(inner(file), offset, n, flags);
}

static void barrier_shm(sqlite3_file *file)
{
	inner(file)->pMethods->xShmBarrier(inner(file));
}

static int unmap_shm(sqlite3_file *file, int delete)
{
	return inner(file)->pMethods->xShmUnmap(inner(file), delete);
}

/* Version 2: without memory maps of the file, which would read past us. */
static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = close_file,
	.xRead = read_file,
	.xWrite = write_file,
	.xTruncate = truncate_file,
	.xSync = sync_file,
	.xFileSize = file_size,
	.xLock = lock_file,
	.xUnlock = unlock_file,
	.xCheckReservedLock = is_reserved,
	.xFileControl = control,
	.xSectorSize = sector_size,
	.xDeviceCharacteristics = characteristics,
	.xShmMap = map_shm,
	.xShmLock = lock_shm,
	.xShmBarrier = barrier_shm,
	.xShmUnmap = unmap_shm,
};

static int open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *ret_flags)
{
	(void)vfs;
	struct file *file = (struct file *)base;
	*file = (struct file){.path = path, .inner = (sqlite3_file *)(file + 1)};
	int code = inner_vfs->xOpen(inner_vfs, path, file->inner, flags, ret_flags);
	file->base.pMethods = file->inner->pMethods ? &methods : NULL;
	return code;
}

void bad_disk_insert(void)
{
	static sqlite3_vfs vfs;
	inner_vfs = sqlite3_vfs_find(NULL);
	vfs = *inner_vfs;
	vfs.zName = "bad-disk";
	vfs.szOsFile = (int)sizeof(struct file) + inner_vfs->szOsFile;
	vfs.xOpen = open_file;
	sqlite3_vfs_register(&vfs, 1);
}
