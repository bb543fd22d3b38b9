/* The CPU quota of this process from Linux control groups (cgroups), such as that of a container with "1.5 CPUs". Files are read
 * into buffers of fixed size, whatever their contents; a file that is not as the kernel writes it is ignored. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform.h"

#if defined(__linux__)

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { max_path = 4096, max_line = 8192, max_bytes = 16 << 20 };

/* ---- Files ---- */

static int open_file(const char *path) {
    /* Does not block: a FIFO in place of a file is not the kernel's. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    if (file >= 0 && (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))) {
        close(file);
        return -1;
    }
    return file;
}

static size_t read_some(int file, char *bytes, size_t capacity) {
    ssize_t count;
    do {
        count = read(file, bytes, capacity);
    } while (count < 0 && errno == EINTR);
    return count > 0 ? (size_t)count : 0;
}

typedef struct {
    int file;
    size_t first, end; /* the part of `bytes` that is not yet returned */
    size_t total;      /* bytes read so far */
    char bytes[max_line];
} lines;

/* The next line, NUL-terminated and without its line break; NULL after the last. A line too long for the buffer is skipped. */
static char *next_line(lines *from) {
    int is_too_long = 0;
    for (;;) {
        char *line = from->bytes + from->first;
        char *end = memchr(line, '\n', from->end - from->first);
        if (end) {
            *end = 0;
            from->first = (size_t)(end - from->bytes) + 1;
            if (!is_too_long) return line;
            is_too_long = 0;
            continue;
        }
        memmove(from->bytes, line, from->end - from->first);
        from->end -= from->first;
        from->first = 0;
        if (from->end == sizeof from->bytes) {
            is_too_long = 1;
            from->end = 0;
        }
        size_t room = from->total < max_bytes ? sizeof from->bytes - from->end : 0;
        size_t count = read_some(from->file, from->bytes + from->end, room);
        if (count == 0) return NULL; /* the kernel ends every line */
        from->end += count;
        from->total += count;
    }
}

static int begin_lines(lines *from, const char *root, const char *path) {
    char whole[max_path];
    int bytes = snprintf(whole, sizeof whole, "%s%s", root, path);
    *from = (lines){.file = -1};
    if (bytes < 0 || (size_t)bytes >= sizeof whole) return 0;
    from->file = open_file(whole);
    return from->file >= 0;
}

/* ---- Numbers ---- */

/* Parses digits followed by a space or the end of the line. NULL if there is something else. */
static const char *number(const char *text, uint64_t *value) {
    uint64_t sum = 0;
    const char *start = text;
    for (; *text >= '0' && *text <= '9' && text - start < 18; text++) sum = sum * 10 + (uint64_t)(*text - '0');
    if (text == start || (*text != ' ' && *text != '\n' && *text != 0)) return NULL;
    *value = sum;
    return *text == ' ' ? text + 1 : text;
}

/* The CPUs for a run time of `quota` in every `period`, rounded up; 0 if either is 0. */
static uint32_t cpus(uint64_t quota, uint64_t period) {
    if (quota == 0 || period == 0) return 0;
    uint64_t count = quota / period + (quota % period != 0);
    return count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
}

static uint32_t least(uint32_t left, uint32_t right) { return left == 0 || (right != 0 && right < left) ? right : left; }

/* ---- Groups ---- */

/* Reads the beginning of a file of a group, NUL-terminated; empty if there is none. `folder` has room for the name. */
static void read_group(char *folder, size_t bytes, const char *name, char *text, size_t capacity) {
    text[0] = 0;
    if (bytes + strlen(name) >= max_path) return;
    strcpy(folder + bytes, name);
    int file = open_file(folder);
    folder[bytes] = 0;
    if (file < 0) return;
    text[read_some(file, text, capacity - 1)] = 0;
    close(file);
}

static uint32_t group_quota(char *folder, size_t bytes, int is_second_version) {
    char text[64];
    uint64_t quota = 0, period = 0;
    if (is_second_version) { /* "150000 100000", or "max 100000" */
        read_group(folder, bytes, "/cpu.max", text, sizeof text);
        const char *rest = number(text, &quota);
        return rest && number(rest, &period) ? cpus(quota, period) : 0;
    }
    read_group(folder, bytes, "/cpu.cfs_quota_us", text, sizeof text); /* -1: none */
    if (!number(text, &quota)) return 0;
    read_group(folder, bytes, "/cpu.cfs_period_us", text, sizeof text);
    return number(text, &period) ? cpus(quota, period) : 0;
}

/* The minimum quota of a group and its ancestors, up to the mount point. */
static uint32_t path_quota(const char *root, const char *mount, const char *path, int is_second_version) {
    char folder[max_path];
    int bytes = snprintf(folder, sizeof folder, "%s%s", root, mount);
    if (bytes < 0 || (size_t)bytes + strlen(path) >= sizeof folder) return 0;
    size_t top = (size_t)bytes, end = top + strlen(path);
    strcpy(folder + top, path);
    uint32_t found = 0;
    for (;;) {
        while (end > top && folder[end - 1] == '/') folder[--end] = 0;
        found = least(found, group_quota(folder, end, is_second_version));
        if (end <= top) return found;
        while (end > top && folder[end - 1] != '/') folder[--end] = 0;
    }
}

/* Whether a comma-separated list contains this word. */
static int lists(const char *list, const char *word) {
    size_t bytes = strlen(word);
    for (const char *item = list; item; item = strchr(item, ',')) {
        if (*item == ',') item++;
        if (strncmp(item, word, bytes) == 0 && (item[bytes] == ',' || item[bytes] == 0)) return 1;
    }
    return 0;
}

/* Reads the groups of this process for both versions of the interface; empty if it is in none. The lines are
 * "3:cpu,cpuacct:/path" and "0::/path". */
static void read_own_groups(const char *root, char *first, char *second) {
    lines file;
    first[0] = second[0] = 0;
    if (!begin_lines(&file, root, "/proc/self/cgroup")) return;
    for (char *line; (line = next_line(&file));) {
        char *controllers = strchr(line, ':');
        char *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path || strlen(path + 1) >= max_path) continue;
        *path++ = 0;
        if (strcmp(line, "0:") == 0) strcpy(second, path);
        else if (lists(controllers + 1, "cpu")) strcpy(first, path);
    }
    close(file.file);
}

/* Removes the next field from a line and returns it; spaces in a field are written as "\040". */
static char *next_field(char **line) {
    char *field = *line, *out = field, *in = field;
    for (; *in && *in != ' '; out++) {
        int is_code = in[0] == '\\' && in[1] >= '0' && in[1] <= '3' && in[2] >= '0' && in[2] <= '7' && in[3] >= '0' && in[3] <= '7';
        *out = is_code ? (char)((in[1] - '0') << 6 | (in[2] - '0') << 3 | (in[3] - '0')) : *in;
        in += is_code ? 4 : 1;
    }
    *line = *in ? in + 1 : in;
    *out = 0;
    return field;
}

/* The path of a group relative to a mount, if the mount contains it: the group's path without that of the mounted group. */
static const char *below(const char *path, const char *mounted) {
    if (path[0] != '/') return NULL;
    for (const char *part = path; part; part = strchr(part + 1, '/')) {
        if (strncmp(part, "/..", 3) == 0 && (part[3] == '/' || part[3] == 0)) return NULL; /* outside the namespace */
    }
    if (strcmp(mounted, "/") == 0) return path;
    size_t bytes = strlen(mounted);
    return strncmp(path, mounted, bytes) == 0 && (path[bytes] == '/' || path[bytes] == 0) ? path + bytes : NULL;
}

uint32_t platform_cpu_quota(const char *root) {
    char first[max_path], second[max_path];
    read_own_groups(root, first, second);
    lines file;
    uint32_t found = 0;
    if ((first[0] == 0 && second[0] == 0) || !begin_lines(&file, root, "/proc/self/mountinfo")) return 0;
    /* "36 35 98:0 /mounted /mount rw,noatime master:1 - cgroup source rw,cpu" */
    for (char *line; (line = next_line(&file));) {
        for (int field = 0; field < 3; field++) next_field(&line);
        const char *mounted = next_field(&line), *mount = next_field(&line);
        for (const char *field = ""; *line && strcmp(field, "-") != 0;) field = next_field(&line);
        const char *kind = next_field(&line);
        next_field(&line);
        int is_second_version = strcmp(kind, "cgroup2") == 0;
        if (!is_second_version && (strcmp(kind, "cgroup") != 0 || !lists(next_field(&line), "cpu"))) continue;
        const char *path = below(is_second_version ? second : first, mounted);
        if (path) found = least(found, path_quota(root, mount, path, is_second_version));
    }
    close(file.file);
    return found;
}

#else

uint32_t platform_cpu_quota(const char *root) {
    (void)root;
    return 0;
}

#endif
