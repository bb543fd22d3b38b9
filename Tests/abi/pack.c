/* Packs: made, verified and opened from C; what a failure to write leaves behind; and how much memory a process has of its own when
 * several open one pack. */
#include "abi.h"
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char message[512];
static char pack[4096];

static int32_t make(const char *model, const char *out, const limbeck_pack_options *options) {
    char path[4096];
    int bytes = snprintf(path, sizeof path, "%s/%s", folder, model);
    return limbeck_pack(path, (size_t)bytes, out, strlen(out), options, message, sizeof message);
}

static limbeck_pack_options f32(void) {
    limbeck_pack_options options = {0};
    options.struct_size = sizeof options;
    options.precision = LIMBECK_PRECISION_F32;
    return options;
}

static uint32_t stages;
static void see(void *context, uint32_t stage, double fraction) {
    EXPECT(context == &stages && stage >= 1 && stage <= 4 && fraction >= 0 && fraction <= 1);
    stages |= 1u << stage;
}

static void arguments(void) {
    limbeck_pack_options options = f32();
    INVALID(limbeck_pack(NULL, 1, "x", 1, &options, message, sizeof message));
    INVALID(limbeck_pack("x", 1, NULL, 1, &options, message, sizeof message));
    INVALID(limbeck_pack("x", 1, "a\0b", 3, &options, message, sizeof message));
    INVALID(limbeck_pack("x", 1, "x", 1, &options, NULL, 1));
    STATUS(LIMBECK_FILE_NOT_FOUND, limbeck_pack("/there is/nothing here", 22, "x", 1, &options, NULL, 0));
    options.calibration_count = 1;
    INVALID(make("embed", pack, &options));
    options = f32();
    options.reference_count = 1;
    INVALID(make("embed", pack, &options));
    options = f32();
    options.precision = 5;
    INVALID(make("embed", pack, &options));
    options.struct_size = 8;
    INVALID(make("embed", pack, &options));
    INVALID(limbeck_verify(NULL, 1, message, sizeof message));
    STATUS(LIMBECK_FILE_NOT_FOUND, limbeck_verify("/there is/nothing here", 22, message, sizeof message));
    EXPECT(strstr(message, "nothing here") != NULL);
}

/* The answers of a pack are those of its folder. */
static void answers(void) {
    limbeck_pack_options options = f32();
    options.progress = see;
    options.context = &stages;
    OK(make("bare", pack, &options));
    EXPECT(stages == 0x1e);
    OK(limbeck_verify(pack, strlen(pack), message, sizeof message));
    limbeck_model *packed, *model;
    OK(limbeck_model_open(pack, strlen(pack), &packed, message, sizeof message));
    OK(openModel("bare", &model));
    limbeck_model_info_t info = {.struct_size = sizeof info};
    OK(limbeck_model_info(packed, &info));
    EXPECT(info.precision == LIMBECK_PRECISION_F32 && info.private_bytes < 4096);
    const int32_t ids[] = {2, 7, 9, 3};
    const size_t length = 4;
    float values[2][4 * 64];
    for (int i = 0; i < 2; i++) {
        limbeck_session *own;
        size_t count;
        OK(limbeck_session_new(i ? packed : model, NULL, &own));
        OK(limbeck_forward(own, ids, NULL, &length, 1, LIMBECK_OUTPUT_HIDDEN, -1, values[i], 4 * 64, &count));
        EXPECT(count == 4 * info.hidden_size);
        limbeck_session_free(own);
    }
    EXPECT(memcmp(values[0], values[1], 4 * info.hidden_size * sizeof(float)) == 0);
    limbeck_model_close(packed);
    limbeck_model_close(model);
    STATUS(LIMBECK_FILE_UNSUPPORTED, limbeck_pack(pack, strlen(pack), pack, strlen(pack), &options, message, sizeof message));
    OK(limbeck_verify(pack, strlen(pack), message, sizeof message));
}

/* Files in a folder. */
static int files(const char *path) {
    DIR *entries = opendir(path);
    int count = -2; /* . and .. */
    while (entries && readdir(entries)) count++;
    if (entries) closedir(entries);
    return count;
}

/* Whatever goes wrong, the old file or none is there, and nothing else. */
static void failures_to_write(void) {
    char place[4096], out[8192];
    snprintf(place, sizeof place, "%s/../pack-XXXXXX", folder);
    EXPECT(mkdtemp(place) != NULL);
    limbeck_pack_options options = f32();

    snprintf(out, sizeof out, "%s/nowhere/x.limbeck", place);
    STATUS(LIMBECK_FILE_UNWRITABLE, make("bare", out, &options));
    EXPECT(strstr(message, "nowhere") != NULL);
    STATUS(LIMBECK_FILE_UNWRITABLE, make("bare", place, &options)); /* a folder */
    EXPECT(files(place) == 0);

    /* A disk that is full after 40,000 bytes, first without and then with an older pack in the place. */
    snprintf(out, sizeof out, "%s/x.limbeck", place);
    struct rlimit before, little = {40000, 40000};
    EXPECT(getrlimit(RLIMIT_FSIZE, &before) == 0);
    little.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    for (int i = 0; i < 2; i++) {
        EXPECT(setrlimit(RLIMIT_FSIZE, &little) == 0);
        STATUS(LIMBECK_FILE_UNWRITABLE, make("bare", out, &options));
        EXPECT(setrlimit(RLIMIT_FSIZE, &before) == 0);
        EXPECT(files(place) == i);
        if (i == 0) OK(make("bare", out, &options));
        OK(limbeck_verify(out, strlen(out), message, sizeof message));
    }

    /* A folder that may not be written to. Root may. */
    if (geteuid() != 0) {
        EXPECT(chmod(place, 0500) == 0);
        STATUS(LIMBECK_FILE_UNWRITABLE, make("bare", out, &options));
        EXPECT(chmod(place, 0700) == 0);
        OK(limbeck_verify(out, strlen(out), message, sizeof message));
    }

    /* A model that is open stays what it was while its file is replaced. */
    limbeck_model *model;
    OK(limbeck_model_open(out, strlen(out), &model, message, sizeof message));
    OK(make("classify", out, &options));
    limbeck_model_info_t info = {.struct_size = sizeof info};
    OK(limbeck_model_info(model, &info));
    EXPECT(info.label_count == 0);
    limbeck_session *own;
    OK(limbeck_session_new(model, NULL, &own));
    limbeck_session_free(own);
    limbeck_model_close(model);
    EXPECT(remove(out) == 0 && rmdir(place) == 0);
}

/* Kilobytes of a mapping of this process by smaps: those whose line has `path`, or all others if it is NULL. */
static long kilobytes(const char *key, const char *path) {
    FILE *file = fopen("/proc/self/smaps", "r");
    char line[8192];
    long total = 0, value;
    int counts = 0;
    if (!file) return -1;
    while (fgets(line, sizeof line, file)) {
        unsigned long start, end;
        if (sscanf(line, "%lx-%lx ", &start, &end) == 2) counts = (strstr(line, ".limbeck") != NULL) == (path != NULL);
        else if (counts && strncmp(line, key, strlen(key)) == 0 && sscanf(line + strlen(key), "%ld", &value) == 1) total += value;
    }
    fclose(file);
    return total;
}

enum { PROCESSES = 4 };

/* What the processes share: where they wait for each other, and what each found, in KB. */
static struct common {
    pthread_barrier_t barrier;
    struct {
        long resident, counted, own, opening, microseconds;
        int opened;
    } of[PROCESSES];
} *common;

static void one_process(const char *path, int index) {
    limbeck_model *model;
    limbeck_session *own = NULL;
    limbeck_session_options options = {.struct_size = sizeof options, .threads = 1, .max_tokens = 64};
    const int32_t ids[] = {2, 7, 9, 3};
    const size_t length = 4;
    size_t count;
    static float values[1 << 16];
    long before = kilobytes("Private_Dirty:", NULL);
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    common->of[index].opened = limbeck_model_open(path, strlen(path), &model, NULL, 0) == LIMBECK_OK;
    clock_gettime(CLOCK_MONOTONIC, &end);
    common->of[index].microseconds = (end.tv_sec - start.tv_sec) * 1000000 + (end.tv_nsec - start.tv_nsec) / 1000;
    common->of[index].opening = kilobytes("Private_Dirty:", NULL) - before;
    if (common->of[index].opened) {
        common->of[index].opened =
            limbeck_session_new(model, &options, &own) == LIMBECK_OK &&
            limbeck_forward(own, ids, NULL, &length, 1, LIMBECK_OUTPUT_HIDDEN, -1, values, 1 << 16, &count) == LIMBECK_OK;
    }
    pthread_barrier_wait(&common->barrier);
    common->of[index].resident = kilobytes("Rss:", path);
    common->of[index].counted = kilobytes("Pss:", path);
    common->of[index].own = kilobytes("Private_Dirty:", path);
    pthread_barrier_wait(&common->barrier); /* nobody leaves before all have counted */
    _exit(0);
}

/* Four processes that compute with one pack share its memory. */
static void processes(const char *path) {
    common = mmap(NULL, sizeof *common, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT(common != MAP_FAILED);
    pthread_barrierattr_t attributes;
    pthread_barrierattr_init(&attributes);
    pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&common->barrier, &attributes, PROCESSES);
    for (int i = 0; i < PROCESSES; i++) {
        pid_t child = fork();
        EXPECT(child >= 0);
        if (child == 0) one_process(path, i);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int code;
        EXPECT(wait(&code) > 0 && code == 0);
    }
    for (int i = 0; i < PROCESSES; i++) {
        printf("process %d: of %ld KB of the pack in memory, %ld are its share, %ld its own; opening took %ld KB and %ld us\n", i,
               common->of[i].resident, common->of[i].counted, common->of[i].own, common->of[i].opening, common->of[i].microseconds);
        EXPECT(common->of[i].opened && common->of[i].own == 0 && common->of[i].opening < 2048);
        EXPECT(common->of[i].resident > 0 && common->of[i].counted <= common->of[i].resident / PROCESSES + 64);
    }
}

int main(int argc, char **argv) {
    start(argc, argv);
    snprintf(pack, sizeof pack, "%s/../bare.limbeck", folder);
    arguments();
    answers();
    failures_to_write();
    const char *large = getenv("LIMBECK_PACK"); /* of a real model */
    processes(large ? large : pack);
    remove(pack);
    return finish();
}
