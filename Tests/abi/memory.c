/* After a session exists, no call allocates, whether or not it can be interrupted, and 10,000 mixed batches leave the process as
 * large as it was.
 * The functions of libc that hand out memory are replaced here by ones that count; the library calls these too. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "abi.h"
#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static atomic_bool counting;
static atomic_size_t allocations;
static void tally(void) {
    if (atomic_load(&counting)) atomic_fetch_add(&allocations, 1);
}

void *malloc(size_t bytes) { return tally(), __libc_malloc(bytes); }
void *calloc(size_t count, size_t bytes) { return tally(), __libc_calloc(count, bytes); }
void *realloc(void *memory, size_t bytes) { return tally(), __libc_realloc(memory, bytes); }
void *memalign(size_t alignment, size_t bytes) { return tally(), __libc_memalign(alignment, bytes); }
void *aligned_alloc(size_t alignment, size_t bytes) { return tally(), __libc_memalign(alignment, bytes); }
int posix_memalign(void **memory, size_t alignment, size_t bytes) {
    tally();
    *memory = __libc_memalign(alignment, bytes);
    return *memory ? 0 : ENOMEM;
}
void *mmap(void *address, size_t bytes, int protection, int flags, int file, off_t offset) {
    tally();
    return (void *)syscall(SYS_mmap, address, bytes, protection, flags, file, offset);
}

static size_t resident(void) {
    char text[128];
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long total = 0, pages = 0;
    if (!file || !fgets(text, sizeof text, file) || sscanf(text, "%lu %lu", &total, &pages) != 2) exit(1);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

enum { TEXTS = 48, WIDTH = 24, WORDS = 12 };
static const char *texts[TEXTS];
static size_t lengths[TEXTS];
static float floats[TEXTS * 24 * WIDTH];
static int32_t tokens[TEXTS * 24];
static char long_text[200000]; /* words far apart */

typedef struct {
    limbeck_session *embed, *classify, *rerank, *tag, *answer, *fill, *prompts, *stages, *cross, *exits;
} sessions;

static int32_t go_on(void *context) {
    (void)context;
    return 0;
}

static uint32_t seed = 7;
static size_t below(size_t limit) { return ((seed = seed * 1664525 + 1013904223) >> 8) % limit; }

static void call(sessions *with, size_t kind, size_t first, size_t count) {
    limbeck_span spans[64];
    limbeck_answer answers[4];
    limbeck_candidate candidates[16];
    size_t sequence[TEXTS], found;
    const char *const *some = texts + first;
    const size_t *bytes = lengths + first;
    switch (kind) {
    case 0: OK(limbeck_embed(with->embed, some, bytes, count, NULL, floats, count * WIDTH)); break;
    case 9: {
        /* Sequences that leave at several exits, by a threshold and by patience. */
        float threshold = 0.5f;
        uint32_t layers[TEXTS];
        limbeck_classify_options options = {.struct_size = sizeof options,
                                            .exit_thresholds = &threshold,
                                            .exit_threshold_count = 1,
                                            .layers = layers,
                                            .layer_capacity = count};
        OK(limbeck_classify(with->exits, some, bytes, NULL, NULL, count, &options, floats, count * 3));
        options.exit_threshold_count = 0, options.exit_patience = 1;
        OK(limbeck_classify(with->exits, some, bytes, NULL, NULL, count, &options, floats, count * 3));
        break;
    }
    case 1: OK(limbeck_classify(with->classify, some, bytes, NULL, NULL, count, NULL, floats, count * 3)); break;
    case 2: OK(limbeck_classify(with->classify, some, bytes, some, bytes, count, NULL, floats, count * 3)); break;
    case 3: OK(limbeck_rerank(with->rerank, "who is in paris", 15, some, bytes, count, NULL, floats, count)); break;
    case 4: OK(limbeck_tag(with->tag, some[0], bytes[0], NULL, spans, 64, &found)); break;
    case 5: OK(limbeck_answer_question(with->answer, "who", 3, some[0], bytes[0], NULL, answers, 4, &found)); break;
    case 6: OK(limbeck_fill(with->fill, "hello [MASK]", 12, NULL, candidates, 16, &found)); break;
    case 7: {
        /* Each way to ask for a prompt, and a text that does not fit into the scratch with one. */
        limbeck_embed_options options = {.struct_size = sizeof options};
        OK(limbeck_embed(with->prompts, some, bytes, count, &options, floats, count * 8));
        options.prompt = "the old light";
        options.prompt_bytes = 13;
        OK(limbeck_embed(with->prompts, some, bytes, count, &options, floats, count * 8));
        const char *one[] = {long_text};
        const size_t size[] = {sizeof long_text};
        OK(limbeck_embed(with->prompts, one, size, 1, &options, floats, 8));
        options.prompt = NULL;
        options.prompt_bytes = 0;
        options.prompt_name = "passage";
        options.prompt_name_bytes = 7;
        OK(limbeck_embed(with->prompts, some, bytes, count, &options, floats, count * 8));
        OK(limbeck_embed(with->stages, some, bytes, count, NULL, floats, count * 7));
        OK(limbeck_rerank(with->cross, "house", 5, some, bytes, count, NULL, floats, count));
        break;
    }
    default:
        for (size_t i = 0; i < count; i++) sequence[i] = 1 + (first + i) % 24;
        OK(limbeck_forward(with->embed, tokens, NULL, sequence, count, LIMBECK_OUTPUT_HIDDEN, -1, floats,
                           sizeof floats / sizeof *floats, &found));
    }
}

static void mixed(sessions *with, size_t batches) {
    for (size_t i = 0; i < batches; i++) {
        /* Prompts and exits take longest, and are a fifteenth of the batches together. */
        size_t first = below(TEXTS), kind = below(10);
        if ((kind == 7 || kind == 9) && below(3)) kind = 8;
        call(with, kind, first, 1 + below(TEXTS - first));
    }
}

int main(int argc, char **argv) {
    start(argc, argv);
    static const char *const words[WORDS] = {"hello", "world",        "who", "is", "in",           "paris",
                                             "?",     "na\xC3\xAFve", "x",   "yy", "\xE4\xBD\xA0", "\xFF"};
    static char storage[TEXTS][256];
    for (size_t i = 0; i < TEXTS; i++) {
        for (size_t word = 0; word < 1 + i % 30; word++) {
            strcat(storage[i], words[below(WORDS)]);
            strcat(storage[i], " ");
        }
        texts[i] = storage[i];
        lengths[i] = strlen(storage[i]);
    }
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) tokens[i] = (int32_t)below(80);

    static const char *const kinds[] = {"embed",  "classify", "classify pairs", "rerank",  "tag",
                                        "answer", "fill",     "prompts",        "forward", "exits"};
    memset(long_text, ' ', sizeof long_text);
    for (size_t i = 0; i < sizeof long_text; i += 5000) memcpy(long_text + i, "house", 5);
    for (uint32_t threads = 1; threads <= 2; threads++) {
        char message[256];
        limbeck_session_options options = {.struct_size = sizeof options, .threads = threads, .max_tokens = 64};
        if (threads == 2) {
            options.interrupt = go_on;
            options.message = message;
            options.message_capacity = sizeof message;
        }
        sessions with = {session("embed", &options, NULL),
                         session("classify", &options, NULL),
                         session("rerank", &options, NULL),
                         session("tag", &options, NULL),
                         session("answer", &options, NULL),
                         session("fill", &options, NULL),
                         session("prompts-left-out", &options, NULL),
                         session("stages", &options, NULL),
                         session("cross-encoder", &options, NULL),
                         session("exits", &options, NULL)};
        /* From the first call on: nothing may be put off until then. */
        for (size_t kind = 0; kind < 10; kind++) {
            atomic_store(&allocations, 0);
            atomic_store(&counting, 1);
            for (int round = 0; round < 50; round++) {
                size_t first = below(TEXTS);
                call(&with, kind, first, 1 + below(TEXTS - first));
            }
            atomic_store(&counting, 0);
            if (allocations) fprintf(stderr, "%s, %u threads: %zu allocations in 50 calls\n", kinds[kind], threads, allocations);
            EXPECT(allocations == 0);
        }

        const size_t batches = 10000;
        mixed(&with, 2000); /* untouched pages of the scratch, and of the program, come in */
        resident();         /* those that this needs, too */
        size_t before = resident();
        mixed(&with, batches);
        size_t after = resident();
        printf("%u threads: resident %zu KB, %+ld KB after %zu batches (seed 7)\n", threads, before / 1024,
               ((long)after - (long)before) / 1024, batches);
        EXPECT(after <= before + 65536);
        limbeck_session *all[] = {with.embed, with.classify, with.rerank, with.tag,   with.answer,
                                  with.fill,  with.prompts,  with.stages, with.cross, with.exits};
        for (int i = 0; i < 10; i++) limbeck_session_free(all[i]);
    }
    return finish();
}
