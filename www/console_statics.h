/*
 * The console's files: style, scripts, and the words of both languages. Scripts import each other by name ('./key.js');
 * what is served has the paths in place of the names, so that the digest of a script is over all that it imports.
 */
#ifndef KM_WWW_CONSOLE_STATICS_H
#define KM_WWW_CONSOLE_STATICS_H

#include "www/statics.h"

enum km_error km_console_statics(struct km_statics *statics, struct km_problem *problem);

#endif
