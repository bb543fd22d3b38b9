/* What Swift cannot say on its own, in both builds: the operating system and libm, seen through a few small functions.
 * Embedded Swift has no Glibc module, so everything the engine needs from libc comes through here. */
#ifndef LIMBECK_PLATFORM_H
#define LIMBECK_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Files: 0, or an errno ------------------------------------------------------------------------------------- */

/* Maps a whole regular file read-only and shared. An empty file gives bytes NULL, count 0. */
int platform_map(const char *path, const void **bytes, size_t *count);
void platform_unmap(const void *bytes, size_t count);

/* 0: nothing there, 1: a regular file, 2: a directory, 3: something else. */
int platform_kind_of(const char *path);

/* The names in a folder that end in `suffix`: how many, 2 for more than one, and the first found, NUL-terminated into `name`. A
 * folder that cannot be read has none. */
int platform_find(const char *folder, const char *suffix, char *name, size_t capacity);

/* Gives the names in a folder to `visit`, in the order of their bytes, until it answers false; none of a folder that cannot be read. */
void platform_names_in(const char *folder, bool (*visit)(const char *name, void *context), void *context);

/* What a file is to hold: pieces of memory, one after the other. */
typedef struct platform_piece {
    const void *bytes;
    size_t count;
} platform_piece;

/* Writes a whole file, which stands at `path` complete or not at all: a new file in the same folder is written, synced, and takes
 * the name. What had the name before is untouched until then, and its mappings stay what they were. */
int platform_write_file(const char *path, const platform_piece *pieces, size_t count);

/* The operating system's sentence for an errno, NUL-terminated into `text`. */
void platform_error_text(int code, char *text, size_t capacity);

/* ---- Numbers ----------------------------------------------------------------------------------------------------- */

/* Reads a whole decimal number, correctly rounded, whatever the host's locale is. False if it is none, or memory is short. */
bool platform_parse_double(const void *digits, size_t count, double *value);

/* ---- Memory ----------------------------------------------------------------------------------------------------- */

/* 64-byte aligned and zeroed, or NULL. Large blocks come straight from the operating system: untouched pages cost nothing. */
void *platform_allocate(size_t bytes);
void platform_free(void *memory, size_t bytes);

bool platform_same_bytes(const void *left, const void *right, size_t count);

/* The offset of the first place in `bytes` where `part` stands, or -1. */
ptrdiff_t platform_find_bytes(const void *bytes, size_t count, const void *part, size_t part_count);

/* ---- CPU -------------------------------------------------------------------------------------------------------- */

enum {
    PLATFORM_AVX2 = 1,   /* AVX2, FMA and F16C, and the operating system saves the registers */
    PLATFORM_AVX512 = 2, /* F, BW, DQ, VL */
    PLATFORM_NEON = 4,
    PLATFORM_AVX_VNNI = 8,
    PLATFORM_AVX512_VNNI = 16,
    PLATFORM_AMX = 32, /* tiles and their products of bytes, which a process has to ask for */
    PLATFORM_NEON_DOT = 64
};
uint32_t platform_cpu_features(void);

/* Asks the operating system for AMX's tile registers, for the whole process: threads that use them have 8 kB more to be saved,
 * and signals larger frames. False: refused. */
bool platform_request_amx(void);

/* The CPUs that this process may run on, within what its control groups leave it, at least 1. */
uint32_t platform_cpu_count(void);

/* The CPUs that the quotas of this process's control groups amount to, rounded up: Linux's cgroups, of both versions, the least
 * along its path. 0: there is no quota. `root` is put before every path that is read; "" is the machine's own. */
uint32_t platform_cpu_quota(const char *root);

/* ---- Processes and time ------------------------------------------------------------------------------------------ */

/* The number of this process, which is another one after fork(). */
int platform_process(void);

/* A clock that never goes back, exact to some ten milliseconds, for little time. */
uint64_t platform_milliseconds(void);

/* A hint inside a spinning loop. */
static inline void platform_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Asks for a cache line that will be read soon; any address is allowed. */
static inline void platform_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }
/* The same of one that will be written. */
static inline void platform_prefetch_write(void *address) { __builtin_prefetch(address, 1, 3); }

/* ---- Threads ---------------------------------------------------------------------------------------------------- */

typedef struct platform_thread platform_thread;
typedef void (*platform_entry)(void *context);

/* Starts a thread with all signals blocked, or returns NULL. */
platform_thread *platform_thread_start(platform_entry entry, void *context);
void platform_thread_join(platform_thread *thread);
/* Of a thread that fork() left behind in the parent: frees what is known of it. */
void platform_thread_forget(platform_thread *thread);
void platform_yield(void);

/* A mutex and a condition variable: a place to sleep until a predicate holds. NULL on failure. */
typedef struct platform_monitor platform_monitor;
platform_monitor *platform_monitor_new(void);
void platform_monitor_free(platform_monitor *monitor);
/* The same of one that threads of the parent may have held at a fork(), and slept in: nobody here will let it go. */
void platform_monitor_forget(platform_monitor *monitor);
void platform_monitor_lock(platform_monitor *monitor);
void platform_monitor_unlock(platform_monitor *monitor);
void platform_monitor_wait(platform_monitor *monitor);
void platform_monitor_wake_all(platform_monitor *monitor);

#endif
