/* The functions of CPlatform that touch files and memory, over a folder in memory. scripts/fuzz.sh renames those of posix.c. */
#include "fuzz.h"
#include "platform.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { max_files = 32 };

static struct {
    char *path;
    void *bytes;
    size_t count;
} files[max_files];
static int file_count;
static size_t allocation_limit = (size_t)1 << 30;

void fuzz_limit(size_t bytes) { allocation_limit = bytes; }

/* Aligned as a mapping is, as far as the engine relies on that. */
static void *copy(const void *bytes, size_t count) {
    void *block = NULL;
    if (posix_memalign(&block, 64, count ? count : 1) != 0) abort();
    if (count) memcpy(block, bytes, count);
    return block;
}

void fuzz_file(const char *path, const void *bytes, size_t count) {
    if (file_count == max_files) abort();
    files[file_count].path = copy(path, strlen(path) + 1);
    files[file_count].bytes = copy(bytes, count);
    files[file_count].count = count;
    file_count++;
}

bool fuzz_load(const char *path, const char *source) {
    FILE *stream = fopen(source, "rb");
    if (!stream) return false;
    char *bytes = NULL;
    size_t count = 0, got;
    char part[4096];
    while ((got = fread(part, 1, sizeof part, stream)) > 0) {
        bytes = realloc(bytes, count + got);
        if (!bytes) abort();
        memcpy(bytes + count, part, got);
        count += got;
    }
    fclose(stream);
    fuzz_file(path, bytes, count);
    free(bytes);
    return true;
}

const char *fuzz_golden(void) {
    const char *golden = getenv("FUZZ_GOLDEN");
    return golden ? golden : "Tests/golden";
}

void fuzz_clear(void) {
    for (int i = 0; i < file_count; i++) {
        free(files[i].path);
        free(files[i].bytes);
    }
    file_count = 0;
}

int platform_map(const char *path, const void **bytes, size_t *count) {
    *bytes = NULL;
    *count = 0;
    for (int i = 0; i < file_count; i++) {
        if (strcmp(files[i].path, path) != 0) continue;
        *count = files[i].count;
        /* A copy, so that a use after the mapping's end is seen too. */
        if (*count) *bytes = copy(files[i].bytes, *count);
        return 0;
    }
    return ENOENT;
}

void platform_unmap(const void *bytes, size_t count) {
    (void)count;
    free((void *)bytes);
}

int platform_write_file(const char *path, const platform_piece *pieces, size_t count) {
    size_t total = 0, place = 0;
    for (size_t i = 0; i < count; i++) total += pieces[i].count;
    char *bytes = malloc(total ? total : 1);
    if (!bytes) abort();
    for (size_t i = 0; i < count; i++) {
        memcpy(bytes + place, pieces[i].bytes, pieces[i].count);
        place += pieces[i].count;
    }
    fuzz_file(path, bytes, total);
    free(bytes);
    return 0;
}

int platform_kind_of(const char *path) {
    size_t length = strlen(path);
    for (int i = 0; i < file_count; i++) {
        if (strncmp(files[i].path, path, length) != 0) continue;
        if (files[i].path[length] == 0) return 1;
        if (files[i].path[length] == '/') return 2;
    }
    return 0;
}

int platform_find(const char *folder, const char *suffix, char *name, size_t capacity) {
    size_t start = strlen(folder) + 1, tail = strlen(suffix);
    int count = 0;
    for (int i = 0; i < file_count && count < 2; i++) {
        if (strncmp(files[i].path, folder, start - 1) != 0 || strlen(files[i].path) < start + tail) continue;
        const char *found = files[i].path + start;
        size_t length = strlen(found);
        if (strcmp(found + length - tail, suffix) != 0 || length >= capacity) continue;
        if (count++ == 0) memcpy(name, found, length + 1);
    }
    return count;
}

void platform_names_in(const char *folder, bool (*visit)(const char *name, void *context), void *context) {
    size_t start = strlen(folder) + 1;
    for (int i = 0; i < file_count; i++) {
        if (strncmp(files[i].path, folder, start - 1) != 0 || files[i].path[start - 1] != '/') continue;
        char name[256];
        size_t length = strcspn(files[i].path + start, "/");
        if (length >= sizeof name) continue;
        memcpy(name, files[i].path + start, length);
        name[length] = 0;
        if (!visit(name, context)) return;
    }
}

void *platform_allocate(size_t bytes) {
    void *memory = NULL;
    if (bytes > allocation_limit || posix_memalign(&memory, 64, bytes ? bytes : 1) != 0) return NULL;
    return memset(memory, 0, bytes);
}

void platform_free(void *memory, size_t bytes) {
    (void)bytes;
    free(memory);
}
