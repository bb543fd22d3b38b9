/* What has to be measured from C: the start of a process, its memory, and calls of a microsecond.
 *
 *     native first MODEL THREADS TEXT              the time at which the first vector was there, and the peak memory
 *     native memory MODEL MAX_TOKENS FILE BATCHES  memory after all lines of FILE, and around so many mixed batches of them
 *     native open PACK THREADS TOKENS FILE         opening, and memory after embedding the first TOKENS tokens of FILE; a line on
 *                                                  standard input asks for the memory of the mapped pack
 *     native tokenize MODEL FILE                   one pass over the lines of FILE for every line on standard input
 *
 * Replies are lines of JSON. Linux only: memory is read from /proc. */
#include "common.h"

#include <time.h>

typedef struct {
    const char **texts;
    size_t *bytes;
    size_t count, longest;
} lines;

/* Lives as long as the process. */
static lines linesOrDie(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) die(path, "cannot be read");
    size_t size = (size_t)ftell(file);
    char *content = allocateOrDie(size + 1);
    rewind(file);
    if (fread(content, 1, size, file) != size) die(path, "cannot be read");
    fclose(file);

    lines result = {allocateOrDie(size * sizeof *result.texts), allocateOrDie(size * sizeof *result.bytes), 0, 0};
    for (char *line = content, *end; line < content + size; line = end + 1) {
        end = memchr(line, '\n', (size_t)(content + size - line));
        if (!end) end = content + size;
        size_t bytes = (size_t)(end - line);
        result.texts[result.count] = line;
        result.bytes[result.count++] = bytes;
        if (bytes > result.longest) result.longest = bytes;
    }
    return result;
}

/* The clock that Python's time.monotonic() reads. */
static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* What stands behind `name` in a file of /proc, in bytes: if `mapped` is given, the sum over the mappings of files whose path ends
 * in it. */
static size_t memoryIn(const char *path, const char *name, const char *mapped) {
    FILE *file = fopen(path, "r");
    if (!file) die(path, "cannot be read");
    char line[8192];
    size_t kilobytes = 0, length = strlen(name), counts = !mapped;
    while (fgets(line, sizeof line, file)) {
        size_t end = strcspn(line, "\n"), tail = mapped ? strlen(mapped) : 0;
        if (mapped && line[strcspn(line, " -")] == '-') { /* from-to ... path */
            counts = end >= tail && !strncmp(line + end - tail, mapped, tail);
        }
        if (counts && !strncmp(line, name, length) && line[length] == ':') kilobytes += strtoul(line + length + 1, NULL, 10);
    }
    fclose(file);
    return kilobytes * 1024;
}

/* "VmHWM", "RssAnon", ... */
static size_t memory(const char *name) { return memoryIn("/proc/self/status", name, NULL); }

static limbeck_session *newSessionOrDie(const limbeck_model *model, uint32_t threads, uint32_t max_tokens) {
    limbeck_session_options options = {.struct_size = sizeof options, .threads = threads, .max_tokens = max_tokens};
    limbeck_session *session;
    CHECK(limbeck_session_new(model, &options, &session));
    return session;
}

static void first(const char *path, const char *threads, const char *text) {
    limbeck_model *model = openOrDie(path);
    limbeck_session *session = newSessionOrDie(model, (uint32_t)atoi(threads), 0);
    size_t bytes = strlen(text), width = infoOf(model).embedding_size;
    float *vector = allocateOrDie(width * sizeof *vector);
    CHECK(limbeck_embed(session, &text, &bytes, 1, NULL, vector, width));
    printf("{\"ready\": %.6f, \"peak\": %zu}\n", now(), memory("VmHWM"));
    free(vector);
    limbeck_session_free(session);
    limbeck_model_close(model);
}

/* Numerical Recipes' generator: the batches are the same in every run. */
static uint32_t randomBelow(uint32_t limit) {
    static uint32_t state = 1;
    state = state * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)state * limit >> 32);
}

/* Batches of 1 to 8 lines, and every fiftieth of 64. */
static void runMixed(limbeck_session *session, const lines *all, size_t batches, float *vectors, size_t capacity) {
    const char *texts[64];
    size_t bytes[64];
    for (size_t batch = 0; batch < batches; batch++) {
        size_t count = batch % 50 == 49 ? 64 : 1 + randomBelow(8);
        for (size_t i = 0; i < count; i++) {
            uint32_t line = randomBelow((uint32_t)all->count);
            texts[i] = all->texts[line];
            bytes[i] = all->bytes[line];
        }
        CHECK(limbeck_embed(session, texts, bytes, count, NULL, vectors, capacity));
    }
}

static void reportMemory(const char *path, const char *max_tokens, const char *file, const char *batches) {
    lines all = linesOrDie(file);
    size_t before = memory("RssAnon");
    limbeck_model *model = openOrDie(path);
    limbeck_model_info_t info = infoOf(model);
    size_t opened = memory("RssAnon");
    limbeck_session *session = newSessionOrDie(model, 0, (uint32_t)atoi(max_tokens));
    limbeck_session_info_t session_info = {.struct_size = sizeof session_info};
    CHECK(limbeck_session_info(session, &session_info));

    size_t capacity = (all.count > 64 ? all.count : 64) * info.embedding_size;
    float *vectors = allocateOrDie(capacity * sizeof *vectors);
    CHECK(limbeck_embed(session, all.texts, all.bytes, all.count, NULL, vectors, capacity));
    size_t anonymous = memory("RssAnon"), shared = memory("RssFile"), peak = memory("VmHWM");

    runMixed(session, &all, 50, vectors, capacity);
    size_t start = memory("VmRSS");
    runMixed(session, &all, strtoul(batches, NULL, 10), vectors, capacity);
    size_t end = memory("VmRSS");

    printf("{\"threads\": %u, \"max_tokens\": %u, \"hidden_size\": %u, \"intermediate_size\": %u, \"layers\": %u, "
           "\"mapped\": %zu, \"private\": %zu, \"session\": %zu, "
           "\"before\": %zu, \"opened\": %zu, \"anonymous\": %zu, \"shared\": %zu, \"peak\": %zu, "
           "\"batches\": %s, \"start\": %zu, \"end\": %zu}\n",
           session_info.threads, session_info.max_tokens, info.hidden_size, info.intermediate_size, info.layers,
           (size_t)info.mapped_bytes, (size_t)info.private_bytes, (size_t)session_info.memory_bytes, before, opened, anonymous,
           shared, peak, batches, start, end);
    free(vectors);
    limbeck_session_free(session);
    limbeck_model_close(model);
}

/* What a program has that opens one pack and embeds one long text. "binary" is what was in memory before the pack was opened. */
static void openAndEmbed(const char *path, const char *threads, const char *tokens, const char *file) {
    size_t binary = memory("VmRSS"), before = memory("RssAnon");
    double begin = now();
    limbeck_model *model = openOrDie(path);
    double opened = now();
    limbeck_model_info_t info = infoOf(model);
    size_t private = memory("RssAnon") - before;

    uint32_t length = (uint32_t)atoi(tokens);
    limbeck_session *session = newSessionOrDie(model, (uint32_t)atoi(threads), length);
    limbeck_embed_options options = {.struct_size = sizeof options, .max_length = length};
    lines all = linesOrDie(file);
    size_t bytes = 0, width = info.embedding_size;
    for (size_t i = 0; i < all.count && bytes < 16 * (size_t)length; i++) bytes += all.bytes[i] + 1;
    float *vector = allocateOrDie(width * sizeof *vector);
    CHECK(limbeck_embed(session, all.texts, &bytes, 1, &options, vector, width));
    size_t peak = memory("VmHWM");

    const char *name = strrchr(path, '/') ? strrchr(path, '/') : path;
    printf("{\"open\": %.6f, \"private\": %zu, \"binary\": %zu, \"peak\": %zu, \"file\": %zu}\n", opened - begin, private, binary,
           peak, (size_t)info.mapped_bytes);
    fflush(stdout);
    char request[256];
    while (fgets(request, sizeof request, stdin)) {
        printf("{\"resident\": %zu, \"share\": %zu}\n", memoryIn("/proc/self/smaps", "Rss", name),
               memoryIn("/proc/self/smaps", "Pss", name));
        fflush(stdout);
    }
    free(vector);
    limbeck_session_free(session);
    limbeck_model_close(model);
}

static void tokenize(const char *path, const char *file) {
    lines all = linesOrDie(file);
    limbeck_tokenizer *tokenizer;
    char message[512];
    if (limbeck_tokenizer_open(path, strlen(path), &tokenizer, message, sizeof message)) die(path, message);

    size_t capacity = 4 * all.longest + 16;
    int32_t *ids = allocateOrDie(capacity * sizeof *ids), *types = allocateOrDie(capacity * sizeof *types);
    uint32_t *starts = allocateOrDie(capacity * sizeof *starts), *ends = allocateOrDie(capacity * sizeof *ends);
    puts("{}");
    fflush(stdout);
    char request[256];
    while (fgets(request, sizeof request, stdin)) {
        size_t tokens = 0;
        double begin = now();
        for (size_t i = 0; i < all.count; i++) {
            size_t count;
            CHECK(
                limbeck_tokenize(tokenizer, all.texts[i], all.bytes[i], NULL, 0, NULL, ids, types, starts, ends, capacity, &count));
            tokens += count;
        }
        printf("{\"seconds\": %.6f, \"tokens\": %zu}\n", now() - begin, tokens);
        fflush(stdout);
    }
    limbeck_tokenizer_close(tokenizer);
}

int main(int argc, char **argv) {
    const char *mode = argc > 1 ? argv[1] : "";
    if (!strcmp(mode, "first") && argc == 5) {
        first(argv[2], argv[3], argv[4]);
    } else if (!strcmp(mode, "memory") && argc == 6) {
        reportMemory(argv[2], argv[3], argv[4], argv[5]);
    } else if (!strcmp(mode, "open") && argc == 6) {
        openAndEmbed(argv[2], argv[3], argv[4], argv[5]);
    } else if (!strcmp(mode, "tokenize") && argc == 4) {
        tokenize(argv[2], argv[3]);
    } else {
        fprintf(stderr, "usage: native first|memory|open|tokenize ...: see the source\n");
        return 64;
    }
    return 0;
}
