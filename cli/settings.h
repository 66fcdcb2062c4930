/*
 * The user's own files: in $XDG_CONFIG_HOME/keurmerk, or else ~/.config/keurmerk.
 */
#ifndef KM_CLI_SETTINGS_H
#define KM_CLI_SETTINGS_H

/* The path of one of them; the caller's (free). NULL where the user has no home, or without memory. */
char *km_settings_file(const char *name);

/* Makes the folder that a file is to be in, with those above it, where it is not there. What goes wrong shows when the
 * file is written. */
void km_settings_make_folder(const char *path);

#endif
