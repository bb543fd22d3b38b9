#define _GNU_SOURCE
/* What all systems of POSIX have: files, numbers, memory, processes, threads. */
#include "platform.h"

#include "system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- Files ---- */

int platform_map(const char *path, const void **bytes, size_t *count) {
    *bytes = NULL;
    *count = 0;
    /* O_NONBLOCK: opening a FIFO must not wait for a writer that never comes. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return errno;
    struct stat status;
    int code = 0;
    if (fstat(file, &status) != 0) {
        code = errno;
    } else if (!S_ISREG(status.st_mode)) {
        code = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
    } else if (status.st_size > 0) {
        void *map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, file, 0);
        if (map == MAP_FAILED) {
            code = errno;
        } else {
            *bytes = map;
            *count = (size_t)status.st_size;
        }
    }
    close(file);
    return code;
}

void platform_unmap(const void *bytes, size_t count) {
    if (bytes) munmap((void *)bytes, count);
}

int platform_kind_of(const char *path) {
    struct stat status;
    if (stat(path, &status) != 0) return 0;
    if (S_ISREG(status.st_mode)) return 1;
    return S_ISDIR(status.st_mode) ? 2 : 3;
}

int platform_find(const char *folder, const char *suffix, char *name, size_t capacity) {
    DIR *entries = opendir(folder);
    if (!entries) return 0;
    int count = 0;
    size_t tail = strlen(suffix);
    for (struct dirent *entry; count < 2 && (entry = readdir(entries));) {
        size_t length = strlen(entry->d_name);
        if (length < tail || strcmp(entry->d_name + length - tail, suffix) != 0 || length >= capacity) continue;
        if (count++ == 0) memcpy(name, entry->d_name, length + 1);
    }
    closedir(entries);
    return count;
}

static int by_bytes(const struct dirent **left, const struct dirent **right) { return strcmp((*left)->d_name, (*right)->d_name); }

void platform_names_in(const char *folder, bool (*visit)(const char *name, void *context), void *context) {
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, by_bytes);
    if (count < 0) return;
    bool goes_on = true;
    for (int i = 0; i < count; i++) {
        goes_on = goes_on && visit(entries[i]->d_name, context);
        free(entries[i]);
    }
    free(entries);
}

static int write_all(int file, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t written = write(file, bytes, count);
        if (written > 0) {
            bytes += written;
            count -= (size_t)written;
        } else if (written == 0 || errno != EINTR) {
            return written == 0 ? EIO : errno;
        }
    }
    return 0;
}

int platform_write_file(const char *path, const platform_piece *pieces, size_t count) {
    const char *slash = strrchr(path, '/');
    size_t folder = slash ? (size_t)(slash - path) + 1 : 0; /* its bytes, with the slash */
    size_t capacity = folder + 64;
    char *name = malloc(capacity);
    if (!name) return ENOMEM;
    memcpy(name, path, folder);
    int file = -1, code = EEXIST;
    /* Never an existing file: another process may be writing it. */
    for (unsigned attempt = 0; code == EEXIST && attempt < 1000; attempt++) {
        snprintf(name + folder, capacity - folder, ".limbeck-%ld-%u.tmp", (long)getpid(), attempt);
        file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        code = file < 0 ? errno : 0;
    }
    if (code == 0) {
        for (size_t i = 0; code == 0 && i < count; i++) code = write_all(file, pieces[i].bytes, pieces[i].count);
        if (code == 0 && fsync(file) != 0) code = errno;
        if (close(file) != 0 && code == 0) code = errno;
        if (code == 0 && rename(name, path) != 0) code = errno;
        if (code != 0) unlink(name);
    }
    if (code == 0) {
        /* Makes the new name survive a crash too. Not every file system supports this; the file is complete either way. */
        strcpy(name + folder, ".");
        int entries = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (entries >= 0) {
            fsync(entries);
            close(entries);
        }
    }
    free(name);
    return code;
}

int platform_make_folder(const char *path) {
    char *name = strdup(path);
    if (!name) return ENOMEM;
    int code = 0;
    /* Each folder on the way, then the last one. */
    for (char *end = name; code == 0 && end;) {
        end = strchr(*end ? end + 1 : end, '/');
        if (end) *end = 0;
        if (mkdir(name, 0777) != 0 && errno != EEXIST) code = errno;
        if (end) *end = '/';
    }
    free(name);
    if (code == 0 && platform_kind_of(path) != 2) code = ENOTDIR;
    return code;
}

int platform_write_at(const char *path, size_t offset, const void *bytes, size_t count) {
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0) return errno;
    int code = ftruncate(file, (off_t)offset) != 0 || lseek(file, 0, SEEK_END) < 0 ? errno : write_all(file, bytes, count);
    if (close(file) != 0 && code == 0) code = errno;
    return code;
}

int platform_remove_file(const char *path) { return unlink(path) == 0 || errno == ENOENT ? 0 : errno; }

void platform_error_text(int code, char *text, size_t capacity) {
    if (capacity == 0) return;
    /* GNU's strerror_r may return a static string instead of filling the buffer. */
#if defined(__GLIBC__)
    const char *message = strerror_r(code, text, capacity);
    if (message != text) {
        strncpy(text, message, capacity - 1);
        text[capacity - 1] = 0;
    }
#else
    if (strerror_r(code, text, capacity) != 0) text[0] = 0;
#endif
}

/* ---- Numbers ---- */

bool platform_parse_double(const void *digits, size_t count, double *value) {
    /* strtod needs a NUL at the end, and uses the decimal point of the host's locale unless one is given. */
    locale_t locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    char *text = malloc(count + 1);
    bool whole = false;
    if (locale && text) {
        memcpy(text, digits, count);
        text[count] = 0;
        char *end = text;
        *value = strtod_l(text, &end, locale);
        whole = count > 0 && end == text + count;
    }
    free(text);
    if (locale) freelocale(locale);
    return whole;
}

/* ---- Memory ---- */

static const size_t large = 1 << 20;

void *platform_allocate(size_t bytes) {
    if (bytes == 0) bytes = 1;
    if (bytes >= large) {
        void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) return NULL;
#if defined(MADV_HUGEPAGE)
        madvise(memory, bytes, MADV_HUGEPAGE); /* fewer TLB misses while streaming weights; harmless if refused */
#endif
        return memory;
    }
    void *memory = NULL;
    if (posix_memalign(&memory, 64, bytes) != 0) return NULL;
    return memset(memory, 0, bytes);
}

void platform_free(void *memory, size_t bytes) {
    if (!memory) return;
    if (bytes >= large) munmap(memory, bytes);
    else free(memory);
}

bool platform_same_bytes(const void *left, const void *right, size_t count) {
    return count == 0 || memcmp(left, right, count) == 0;
}

ptrdiff_t platform_find_bytes(const void *bytes, size_t count, const void *part, size_t part_count) {
    const char *text = bytes;
    for (size_t i = 0; i + part_count <= count; i++) {
        if (memcmp(text + i, part, part_count) == 0) return (ptrdiff_t)i;
    }
    return -1;
}

/* ---- CPUs ---- */

uint32_t platform_cpu_count(void) {
    long count = platform_affinity();
    if (count <= 0) count = sysconf(_SC_NPROCESSORS_ONLN);
    if (count <= 0) count = 1;
    uint32_t quota = platform_cpu_quota("");
    return quota > 0 && quota < (uint32_t)count ? quota : (uint32_t)count;
}

/* ---- Processes and time ---- */

int platform_process(void) { return getpid(); }

uint64_t platform_milliseconds(void) {
#if defined(CLOCK_MONOTONIC_COARSE)
    const clockid_t clock = CLOCK_MONOTONIC_COARSE; /* accurate to a few milliseconds, and never a system call */
#else
    const clockid_t clock = CLOCK_MONOTONIC;
#endif
    struct timespec now = {0, 0};
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- Threads ---- */

struct platform_thread {
    pthread_t id;
    platform_entry entry;
    void *context;
};

static void *run(void *argument) {
    platform_thread *thread = argument;
    thread->entry(thread->context);
    return NULL;
}

platform_thread *platform_thread_start(platform_entry entry, void *context) {
    platform_thread *thread = malloc(sizeof *thread);
    if (!thread) return NULL;
    thread->entry = entry;
    thread->context = context;
    /* Signals must be handled by the host's threads: a worker inherits a full signal mask. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&thread->id, NULL, run, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        free(thread);
        return NULL;
    }
    return thread;
}

void platform_thread_join(platform_thread *thread) {
    if (!thread) return;
    pthread_join(thread->id, NULL);
    free(thread);
}

void platform_thread_forget(platform_thread *thread) { free(thread); }

void platform_yield(void) { sched_yield(); }

struct platform_monitor {
    pthread_mutex_t mutex;
    pthread_cond_t condition;
};

platform_monitor *platform_monitor_new(void) {
    platform_monitor *monitor = malloc(sizeof *monitor);
    if (!monitor) return NULL;
    if (pthread_mutex_init(&monitor->mutex, NULL) != 0) {
        free(monitor);
        return NULL;
    }
    if (pthread_cond_init(&monitor->condition, NULL) != 0) {
        pthread_mutex_destroy(&monitor->mutex);
        free(monitor);
        return NULL;
    }
    return monitor;
}

void platform_monitor_free(platform_monitor *monitor) {
    if (!monitor) return;
    pthread_cond_destroy(&monitor->condition);
    pthread_mutex_destroy(&monitor->mutex);
    free(monitor);
}

void platform_monitor_forget(platform_monitor *monitor) { free(monitor); }

void platform_monitor_lock(platform_monitor *monitor) { pthread_mutex_lock(&monitor->mutex); }
void platform_monitor_unlock(platform_monitor *monitor) { pthread_mutex_unlock(&monitor->mutex); }
void platform_monitor_wait(platform_monitor *monitor) { pthread_cond_wait(&monitor->condition, &monitor->mutex); }
void platform_monitor_wake_all(platform_monitor *monitor) { pthread_cond_broadcast(&monitor->condition); }
