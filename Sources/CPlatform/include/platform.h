/* What Swift cannot express itself, in both builds: access to the operating system and libm through a few small functions.
 * Embedded Swift has no Glibc module, so everything the engine needs from libc is declared here. */
#ifndef LIMBECK_PLATFORM_H
#define LIMBECK_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Files: 0 or an errno ------------------------------------------------------------------------------------- */

/* Maps a whole regular file read-only and shared. An empty file gives bytes NULL, count 0. */
int platform_map(const char *path, const void **bytes, size_t *count);
void platform_unmap(const void *bytes, size_t count);

/* 0: nothing, 1: a regular file, 2: a directory, 3: something else. */
int platform_kind_of(const char *path);

/* Finds the names in a folder that end in `suffix`. Returns their number, 2 for more than one, and writes the first one found to
 * `name`, NUL-terminated. A folder that cannot be read counts as empty. */
int platform_find(const char *folder, const char *suffix, char *name, size_t capacity);

/* Calls `visit` with the names in a folder, in byte order, until it returns false. A folder that cannot be read counts as empty. */
void platform_names_in(const char *folder, bool (*visit)(const char *name, void *context), void *context);

/* The contents of a file to be written: pieces of memory, concatenated. */
typedef struct platform_piece {
    const void *bytes;
    size_t count;
} platform_piece;

/* Writes a file atomically: a new file in the same folder is written, synced, and renamed to `path`. An existing file is untouched
 * until then, and its mappings stay valid. */
int platform_write_file(const char *path, const platform_piece *pieces, size_t count);

/* Makes a folder, and those that it is in, unless it exists. 0, or an error code. */
int platform_make_folder(const char *path);

/* Cuts a file, which is made if there is none, to `offset` bytes and appends to it. 0, or an error code. */
int platform_write_at(const char *path, size_t offset, const void *bytes, size_t count);

/* Removes a file; 0 too if there is none. */
int platform_remove_file(const char *path);

/* Writes the operating system's message for an errno to `text`, NUL-terminated. */
void platform_error_text(int code, char *text, size_t capacity);

/* ---- Numbers ----------------------------------------------------------------------------------------------------- */

/* Parses a decimal number, correctly rounded, whatever the host's locale. False if the text is not a number, or out of memory. */
bool platform_parse_double(const void *digits, size_t count, double *value);

/* ---- Memory ----------------------------------------------------------------------------------------------------- */

/* 64-byte aligned, zeroed memory, or NULL. Large blocks come directly from the operating system: untouched pages cost nothing. */
void *platform_allocate(size_t bytes);
void platform_free(void *memory, size_t bytes);

bool platform_same_bytes(const void *left, const void *right, size_t count);

/* The offset of the first occurrence of `part` in `bytes`, or -1. */
ptrdiff_t platform_find_bytes(const void *bytes, size_t count, const void *part, size_t part_count);

/* ---- CPU -------------------------------------------------------------------------------------------------------- */

enum {
    PLATFORM_AVX2 = 1,   /* AVX2, FMA and F16C, and the operating system saves the registers */
    PLATFORM_AVX512 = 2, /* F, BW, DQ, VL */
    PLATFORM_NEON = 4,
    PLATFORM_AVX_VNNI = 8,
    PLATFORM_AVX512_VNNI = 16,
    PLATFORM_AMX = 32, /* tiles and their int8 products; a process has to request them */
    PLATFORM_NEON_DOT = 64
};
uint32_t platform_cpu_features(void);

/* Requests permission for AMX's tile registers from the operating system, for the whole process. For threads that use them, 8 kB
 * more state is saved, and signal frames are larger. False if refused. */
bool platform_request_amx(void);

/* The number of CPUs that this process may use, limited by its affinity and its control groups, at least 1. */
uint32_t platform_cpu_count(void);

/* The quota of this process's control groups (Linux cgroups, both versions) in CPUs, rounded up: the minimum along the group's
 * path. 0: no quota. `root` is a prefix of every path that is read; "" is the real root. */
uint32_t platform_cpu_quota(const char *root);

/* ---- Processes and time ------------------------------------------------------------------------------------------ */

/* The id of this process, which changes in the child of a fork(). */
int platform_process(void);

/* A cheap monotonic clock, accurate to about ten milliseconds. */
uint64_t platform_milliseconds(void);

/* A hint inside a spinning loop. */
static inline void platform_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Prefetches a cache line for reading; any address is allowed. */
static inline void platform_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }
/* The same for writing. */
static inline void platform_prefetch_write(void *address) { __builtin_prefetch(address, 1, 3); }

/* ---- Threads ---------------------------------------------------------------------------------------------------- */

typedef struct platform_thread platform_thread;
typedef void (*platform_entry)(void *context);

/* Starts a thread with all signals blocked, or returns NULL. */
platform_thread *platform_thread_start(platform_entry entry, void *context);
void platform_thread_join(platform_thread *thread);
/* In the child of a fork(), for a thread that exists only in the parent: frees its handle. */
void platform_thread_forget(platform_thread *thread);
void platform_yield(void);

/* A mutex with a condition variable, to sleep until a predicate holds. NULL on failure. */
typedef struct platform_monitor platform_monitor;
platform_monitor *platform_monitor_new(void);
void platform_monitor_free(platform_monitor *monitor);
/* The same in the child of a fork(), where threads of the parent may have held the monitor, or slept
 * in it, and none will release it. */
void platform_monitor_forget(platform_monitor *monitor);
void platform_monitor_lock(platform_monitor *monitor);
void platform_monitor_unlock(platform_monitor *monitor);
void platform_monitor_wait(platform_monitor *monitor);
void platform_monitor_wake_all(platform_monitor *monitor);

#endif
