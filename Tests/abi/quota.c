/* The CPUs that control groups leave a process: folders as Linux has them, of both versions of the interface, and broken ones.
 * It is built with Sources/CPlatform/cgroup.c alone. */
#include "abi.h"
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../Sources/CPlatform/include/platform.h"

static char root[64];

/* Writes a file below the root, and the folders above it. */
static void put_bytes(const char *path, const char *bytes, size_t count) {
    char whole[8192];
    snprintf(whole, sizeof whole, "%s%s", root, path);
    for (char *slash = whole + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        mkdir(whole, 0755);
        *slash = '/';
    }
    FILE *file = fopen(whole, "wb");
    if (!file || fwrite(bytes, 1, count, file) != count || fclose(file) != 0) {
        perror(whole);
        exit(1);
    }
}

static void put(const char *path, const char *text) { put_bytes(path, text, strlen(text)); }

static int delete_one(const char *path, const struct stat *status, int kind, struct FTW *place) {
    (void)status, (void)kind, (void)place;
    return remove(path);
}

/* An empty machine, in which this process is in these groups, and these are mounted. */
static void machine(const char *groups, const char *mounts) {
    nftw(root, delete_one, 16, FTW_DEPTH | FTW_PHYS);
    mkdir(root, 0755);
    put("/proc/self/cgroup", groups);
    put("/proc/self/mountinfo", mounts);
}

#define QUOTA(expected)                                                                                                    \
    do {                                                                                                                   \
        uint32_t found_quota = platform_cpu_quota(root);                                                                   \
        checks++;                                                                                                          \
        if (found_quota != (expected)) {                                                                                   \
            failures++;                                                                                                    \
            fprintf(stderr, "%s:%d: a quota of %u, expected %u\n", __FILE__, __LINE__, found_quota, (unsigned)(expected)); \
        }                                                                                                                  \
    } while (0)

static const char *const mount2 = "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
                                  "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
static const char *const mount1 = "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
                                  "33 31 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n";

static void second_version(void) {
    /* A container with a namespace of its own. */
    machine("0::/\n", mount2);
    QUOTA(0);
    put("/sys/fs/cgroup/cpu.max", "max 100000\n");
    QUOTA(0);
    static const struct {
        const char *text;
        uint32_t cpus;
    } cases[] = {{"150000 100000\n", 2},   {"100000 100000\n", 1}, {"100001 100000\n", 2}, {"1000 100000\n", 1},
                 {"1600000 100000\n", 16}, {"50000 1000\n", 50},   {"150000 100000", 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put("/sys/fs/cgroup/cpu.max", cases[i].text);
        QUOTA(cases[i].cpus);
    }

    /* Nested groups: the least of all counts, wherever it stands. */
    machine("0::/system.slice/docker-1.scope/inner\n", mount2);
    put("/sys/fs/cgroup/system.slice/docker-1.scope/inner/cpu.max", "max 100000\n");
    put("/sys/fs/cgroup/system.slice/docker-1.scope/cpu.max", "350000 100000\n");
    put("/sys/fs/cgroup/system.slice/cpu.max", "800000 100000\n");
    QUOTA(4);
    put("/sys/fs/cgroup/system.slice/cpu.max", "200000 100000\n");
    QUOTA(2);
    put("/sys/fs/cgroup/system.slice/docker-1.scope/inner/cpu.max", "50000 100000\n");
    QUOTA(1);
    put("/sys/fs/cgroup/system.slice/docker-1.scope-2/cpu.max", "10000 100000\n"); /* somebody else's */
    put("/sys/fs/cpu.max", "10000 100000\n");                                      /* above the mount */
    put("/sys/fs/cgroup/system.slice/docker-1.scope/inner/cpu.max", "max 100000\n");
    QUOTA(2);

    /* A group that is gone: those above it still count. */
    machine("0::/a/b (deleted)\n", mount2);
    put("/sys/fs/cgroup/a/cpu.max", "300000 100000\n");
    QUOTA(3);

    /* A part of the tree is mounted, and the name of the mount has a space. */
    machine("0::/pod/one\n", "40 31 0:28 /pod /groups\\040here rw - cgroup2 none rw\n");
    put("/groups here/one/cpu.max", "250000 100000\n");
    put("/groups here/pod/one/cpu.max", "10000 100000\n");
    QUOTA(3);
    machine("0::/podium/one\n", "40 31 0:28 /pod /sys/fs/cgroup rw - cgroup2 none rw\n"); /* another part */
    put("/sys/fs/cgroup/ium/one/cpu.max", "10000 100000\n");
    put("/sys/fs/cgroup/cpu.max", "10000 100000\n");
    QUOTA(0);
    /* Outside of the namespace. */
    static const char *const outside[] = {"0::/../one\n", "0::/..\n", "0::/a/../one\n", "0::/a/..\n"};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        machine(outside[i], mount2);
        put("/sys/fs/cgroup/cpu.max", "10000 100000\n");
        put("/sys/fs/one/cpu.max", "10000 100000\n");
        QUOTA(0);
    }
    machine("0::/..a/b\n", mount2);
    put("/sys/fs/cgroup/..a/cpu.max", "10000 100000\n");
    QUOTA(1);
}

static void first_version(void) {
    machine("3:cpu,cpuacct:/docker/1\n2:cpuset:/other\n1:name=systemd:/\n", mount1);
    QUOTA(0);
    put("/sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_quota_us", "-1\n");
    put("/sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_period_us", "100000\n");
    QUOTA(0);
    put("/sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_quota_us", "150000\n");
    QUOTA(2);
    put("/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_quota_us", "50000\n");
    QUOTA(2); /* without a period */
    put("/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_period_us", "50000\n");
    QUOTA(1);
    put("/sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.max", "10000 100000\n"); /* not of this version */
    put("/sys/fs/cgroup/cpuset/other/cpu.cfs_quota_us", "10000\n");       /* not of this controller */
    put("/sys/fs/cgroup/cpuset/other/cpu.cfs_period_us", "100000\n");
    put("/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_quota_us", "-1\n");
    QUOTA(2);

    /* A container without a namespace: its own group is what is mounted. */
    machine("4:cpuacct,cpu:/docker/1\n", "32 31 0:29 /docker/1 /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpuacct,cpu\n");
    put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "400000\n");
    put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    QUOTA(4);

    /* Both: systemd has the second version without controllers. */
    char both[1024];
    snprintf(both, sizeof both, "%s34 31 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n", mount1);
    machine("3:cpu,cpuacct:/user\n0::/user.slice/session\n", both);
    put("/sys/fs/cgroup/cpu,cpuacct/user/cpu.cfs_quota_us", "300000\n");
    put("/sys/fs/cgroup/cpu,cpuacct/user/cpu.cfs_period_us", "100000\n");
    QUOTA(3);
    put("/sys/fs/cgroup/unified/user.slice/cpu.max", "200000 100000\n");
    QUOTA(2);
}

/* Whatever the files hold, the answer is that of the ones that make sense. */
static void broken(void) {
    static const char *const limits[] = {"",
                                         "\n",
                                         "max",
                                         "max max\n",
                                         "100000\n",
                                         "100000",
                                         "100000 \n",
                                         "100000 0\n",
                                         "0 100000\n",
                                         "-1 100000\n",
                                         "150000 -1\n",
                                         "0x100 100000\n",
                                         "1e5 100000\n",
                                         " 150000 100000\n",
                                         "150000  100000\n",
                                         "150000\t100000\n",
                                         "150000, 100000\n",
                                         "99999999999999999999999999 100000\n",
                                         "150000 99999999999999999999999999\n",
                                         "\xFF\xFE 100000\n",
                                         "150000 100000 1\xFF"};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        machine("0::/a\n", mount2);
        put("/sys/fs/cgroup/a/cpu.max", limits[i]);
        put("/sys/fs/cgroup/cpu.max", "700000 100000\n");
        QUOTA(i == sizeof limits / sizeof *limits - 1 ? 2 : 7);
    }
    put_bytes("/sys/fs/cgroup/a/cpu.max", "15\0000 1", 7);
    QUOTA(7);
    put("/sys/fs/cgroup/a/cpu.max", "999999999999999999 1\n");
    QUOTA(7);
    put("/sys/fs/cgroup/cpu.max", "999999999999999999 1\n");
    QUOTA(UINT32_MAX);

    /* Not a file where one is to be. */
    machine("0::/a\n", mount2);
    put("/sys/fs/cgroup/a/cpu.max/file", "1 1\n");
    QUOTA(0);
    machine("0::/a\n", mount2);
    put("/sys/fs/cgroup/a/other", "");
    char fifo[128];
    snprintf(fifo, sizeof fifo, "%s/sys/fs/cgroup/a/cpu.max", root);
    EXPECT(mkfifo(fifo, 0600) == 0);
    QUOTA(0);

    static const char *const groups[] = {"", "\n", "0", "0:", "0:\n", "0::\n", "0::relative\n", "::/a\n", "1:cpus:/a\n", "0::/a"};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        machine(groups[i], mount2);
        put("/sys/fs/cgroup/a/cpu.max", "10000 100000\n");
        put("/sys/fs/cgroup/cpu.max", "10000 100000\n");
        QUOTA(0); /* the last one: the kernel ends every line */
    }
    static const char *const mounts[] = {"",
                                         "\n",
                                         "-\n",
                                         "31\n",
                                         "31 23 0:28 / /sys/fs/cgroup\n",
                                         "31 23 0:28 / /sys/fs/cgroup rw - \n",
                                         "          \n",
                                         "31 23 0:28 / /sys/fs/cgroup rw cgroup2 cgroup2 rw\n",
                                         "31 23 0:28 / /sys/fs/cgroup rw - cgroup2fs cgroup2 rw\n",
                                         "31 23 0:28 / /sys\\057fs\\0 rw - cgroup2 cgroup2 rw\n",
                                         "31 23 0:28 / /sys/fs/cgroup rw - cgroup cgroup rw\n"};
    for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++) {
        machine("0::/\n1:cpu:/\n", mounts[i]);
        put("/sys/fs/cgroup/cpu.max", "10000 100000\n");
        QUOTA(0);
    }

    /* Lines, paths and files that are longer than any buffer. */
    static char line[20000], text[60000];
    for (size_t bytes = 4000; bytes < sizeof line; bytes += 97) {
        memset(line, 'x', bytes);
        line[0] = '/';
        line[bytes] = 0;
        snprintf(text, sizeof text, "5:cpuset:%s\n0::/a\n", line);
        char mount[60000];
        snprintf(mount, sizeof mount, "30 23 0:28 %s %s rw - cgroup2 cgroup2 rw\n%s", line, line, mount2);
        machine(text, mount);
        put("/sys/fs/cgroup/a/cpu.max", "100000 100000\n");
        QUOTA(1);
        snprintf(text, sizeof text, "0::/a%s\n", line);
        machine(text, mount2);
        put("/sys/fs/cgroup/cpu.max", "100000 100000\n");
        uint32_t found = platform_cpu_quota(root);
        EXPECT(found == 0 || found == 1); /* one that fits is looked for */
    }
    machine("0::/a\n", mount2);
    char mountinfo[128];
    snprintf(mountinfo, sizeof mountinfo, "%s/proc/self/mountinfo", root);
    EXPECT(truncate(mountinfo, (off_t)1 << 30) == 0); /* of which all but the beginning is zeros */
    put("/sys/fs/cgroup/cpu.max", "200000 100000\n");
    QUOTA(2);
}

int main(void) {
    strcpy(root, "/tmp/limbeck-quota-XXXXXX");
    if (!mkdtemp(root)) return 1;
    second_version();
    first_version();
    broken();
    nftw(root, delete_one, 16, FTW_DEPTH | FTW_PHYS);
    QUOTA(0);
    (void)platform_cpu_quota(""); /* of this machine, whatever it is */
    return finish();
}
