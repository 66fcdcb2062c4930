/*
 * The files of a mirror: each is written apart, synced, and renamed into its place, so that whoever reads sees the old
 * one or the new. Files take their places in the order in which they were put, also where the machine fails in between.
 *
 *     FOLDER/files/     what a web server serves
 *     FOLDER/incoming/  what has no place yet; emptied at the next start
 */
#ifndef KM_WWW_MIRROR_FILES_H
#define KM_WWW_MIRROR_FILES_H

#include "base/digest.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum { KM_MIRROR_PATH_MAX = 200, KM_MIRROR_HEX = 2 * KM_SHA256_BYTES + 1 };

struct km_mirror_files;

/* Makes the folder where it is not there. Free with km_mirror_files_close (NULL is allowed), which forgets what has no
 * place yet. */
enum km_error km_mirror_files_open(const char *folder, struct km_mirror_files **ret_files, struct km_problem *problem);
void km_mirror_files_close(struct km_mirror_files *files);

/* A file, by its path below files/; ret_hex is its SHA-256. In one piece, or piece by piece: begin, add, end. */
enum km_error km_mirror_files_put(struct km_mirror_files *files, const char *path, const void *bytes, size_t len,
                                  struct km_problem *problem);
enum km_error km_mirror_files_begin(struct km_mirror_files *files, struct km_problem *problem);
enum km_error km_mirror_files_add(struct km_mirror_files *files, const void *bytes, size_t len,
                                  struct km_problem *problem);
enum km_error km_mirror_files_end(struct km_mirror_files *files, const char *path,
                                  uint8_t ret_digest[static KM_SHA256_BYTES], struct km_problem *problem);

/* The last file that was put, under another path, too. */
enum km_error km_mirror_files_also(struct km_mirror_files *files, const char *path, struct km_problem *problem);

/* Takes a file away, once all that was put before has its place. No error where there is none. */
enum km_error km_mirror_files_remove(struct km_mirror_files *files, const char *path, struct km_problem *problem);

/* Gives everything that was put its place. */
enum km_error km_mirror_files_settle(struct km_mirror_files *files, struct km_problem *problem);

/* How many took a place, and how many were taken away, since the start. */
size_t km_mirror_files_written(const struct km_mirror_files *files);
size_t km_mirror_files_removed(const struct km_mirror_files *files);

#endif
