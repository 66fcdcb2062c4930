/*
 * A file from the source tree inside the program: KM_EMBED(km_schema_sql, "registry/schema.sql") defines
 * `const char km_schema_sql[]`, closed by a NUL, and KM_EMBEDDED_LEN(km_schema_sql), which does not count that NUL.
 * The path is relative to the top of the source tree. List "room/user.$(OBJEXT): room/file" in the room's Makefile.inc,
 * for the compiler does not report this dependency.
 */
#ifndef KM_BASE_EMBED_H
#define KM_BASE_EMBED_H

#include <stddef.h>

#define KM_EMBED(name, path)                                                                                           \
	__asm__(".pushsection .rodata.embed, \"a\"\n"                                                                      \
	        ".balign 16\n"                                                                                             \
	        ".hidden " #name "\n.globl " #name "\n" #name ":\n"                                                        \
	        ".incbin \"" path "\"\n"                                                                                   \
	        ".hidden " #name "_end\n.globl " #name "_end\n" #name "_end:\n"                                            \
	        ".byte 0\n"                                                                                                \
	        ".popsection\n");                                                                                          \
	extern const char name[];                                                                                          \
	extern const char name##_end[]

#define KM_EMBEDDED_LEN(name) ((size_t)(name##_end - (name)))

#endif
