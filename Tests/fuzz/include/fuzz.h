/* A folder in memory that the engine takes for a real one. Every file is a heap block of exactly its size, so AddressSanitizer
 * sees a read of one byte too many, which a mapped page would hide. */
#ifndef LIMBECK_FUZZ_H
#define LIMBECK_FUZZ_H

#include <stdbool.h>
#include <stddef.h>

/* Copies the bytes into a file of the folder. */
void fuzz_file(const char *path, const void *bytes, size_t count);

/* The same with the contents of a real file; false if it cannot be read. */
bool fuzz_load(const char *path, const char *source);

/* The folder of golden files, as the script says. */
const char *fuzz_golden(void);

/* Takes all files away. */
void fuzz_clear(void);

/* The most bytes that platform_allocate() gives at a time. */
void fuzz_limit(size_t bytes);

/* LeakSanitizer does not find what is kept in the payload of a Swift enum, whose pointers have bits of the case in them. */
void __lsan_disable(void);
void __lsan_enable(void);

#endif
