#include "cli/settings.h"

#include "base/buf.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

char *km_settings_file(const char *name)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	auto_buf struct km_buf path = KM_BUF_EMPTY;
	if (config && *config == '/')
		km_buf_add_format(&path, "%s/keurmerk/%s", config, name);
	else if (home && *home)
		km_buf_add_format(&path, "%s/.config/keurmerk/%s", home, name);
	else
		return NULL;
	return km_buf_take(&path, NULL);
}

void km_settings_make_folder(const char *path)
{
	auto_free char *folder = strdup(path);
	for (char *at = folder ? folder + 1 : NULL; at && *at; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		mkdir(folder, S_IRWXU);
		*at = '/';
	}
}
