#include "cli/output.h"

#include "base/file.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

bool km_output_ends_in(const struct km_call *call, const char *ending)
{
	const char *path = km_given(call, "output");
	size_t len = path ? strlen(path) : 0, ending_len = strlen(ending);
	return len >= ending_len && strcasecmp(path + len - ending_len, ending) == 0;
}

enum km_error km_output_write(const struct km_call *call, const struct km_buf *content, struct km_problem *problem)
{
	const char *path = km_given(call, "output");
	if (content->failed)
		return km_fail_memory(problem);
	if (path)
		return km_file_replace(path, content->data, content->len, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH, problem);
	if (fwrite(content->data, 1, content->len, stdout) != content->len)
		return km_fail(problem, KM_IO, "output", "the output could not be written");
	return KM_OK;
}
