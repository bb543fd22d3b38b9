/* A caller ends a long call of each kind: soon, with the session as good as before. Being asked changes no bit. */
#include "abi.h"
#include <pthread.h>
#include <time.h>

enum { TEXTS = 200000, WIDTH = 24 };
static const char *texts[TEXTS];
static size_t lengths[TEXTS];
static float floats[TEXTS * WIDTH], expected[TEXTS * WIDTH];
static char context[2000000];

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* What an interrupt does, and what it saw. */
typedef struct {
    double begin, first, end_after, asked_to_end; /* seconds; end_after < 0: never */
    unsigned calls;
    pthread_t thread;
    int is_foreign;
} watch;

static int32_t ask(void *pointer) {
    watch *with = pointer;
    double time = now() - with->begin;
    if (with->calls++ == 0) with->first = time;
    if (!pthread_equal(pthread_self(), with->thread)) with->is_foreign = 1;
    if (with->end_after < 0 || time < with->end_after) return 0;
    with->asked_to_end = time;
    return -7;
}

static void begin(watch *with, double end_after) {
    *with = (watch){.begin = now(), .end_after = end_after, .thread = pthread_self()};
}

typedef struct {
    limbeck_session *embed, *classify, *rerank, *tag, *answer, *fill;
} sessions;

static int32_t call(const sessions *with, int kind, size_t count) {
    static limbeck_answer answers[4];
    static limbeck_candidate candidates[8];
    static limbeck_span spans[64];
    static int32_t ids[TEXTS];
    static size_t ones[TEXTS];
    size_t found, bytes = count < TEXTS ? 40 : sizeof context;
    for (size_t i = 0; i < count; i++) ones[i] = 1;
    switch (kind) {
    case 0: return limbeck_embed(with->embed, texts, lengths, count, NULL, floats, count * WIDTH);
    case 1: return limbeck_classify(with->classify, texts, lengths, NULL, NULL, count, NULL, floats, count * 3);
    case 2: return limbeck_rerank(with->rerank, "who is in paris", 15, texts, lengths, count, NULL, floats, count);
    case 3: {
        int32_t status = limbeck_answer_question(with->answer, "who", 3, context, bytes, NULL, answers, 4, &found);
        memcpy(floats, answers, sizeof answers);
        return status;
    }
    case 4: return limbeck_forward(with->embed, ids, NULL, ones, count, LIMBECK_OUTPUT_POOLED, -1, floats, count * WIDTH, &found);
    case 5: return limbeck_fill(with->fill, "hello [MASK]", 12, NULL, candidates, 8, &found);
    default: return limbeck_tag(with->tag, texts[0], lengths[0], NULL, spans, 64, &found);
    }
}
static const char *const kinds[] = {"embed", "classify", "rerank", "answer", "forward"};

/* A call that goes on for ever ends a quarter of a second after it is to; the same session then answers as before. */
static void end(uint32_t threads) {
    watch state;
    limbeck_session_options options = {.struct_size = sizeof options, .threads = threads, .interrupt = ask, .context = &state};
    sessions with = {session("embed", &options, NULL), session("classify", &options, NULL), session("rerank", &options, NULL),
                     session("tag", &options, NULL),   session("answer", &options, NULL),   session("fill", &options, NULL)};
    unsigned most = 0; /* times that a call was asked in 0.4 s */
    for (int kind = 0; kind < 5; kind++) {
        begin(&state, -1);
        OK(call(&with, kind, 50));
        memcpy(expected, floats, sizeof expected);
        for (int round = 0; round < 3; round++) {
            begin(&state, 0.2 * round);
            int32_t status = call(&with, kind, TEXTS);
            double took = now() - state.begin;
            STATUS(LIMBECK_INTERRUPTED, status);
            EXPECT(!state.is_foreign);
            EXPECT(took - state.asked_to_end < 0.25);
            EXPECT(state.calls <= 2 + took * 50);
            if (round == 2 && state.calls > most) most = state.calls;
            printf("%s, %u threads: asked %u times, first after %.0f ms; ended %.1f ms after it was to\n", kinds[kind], threads,
                   state.calls, state.first * 1e3, (took - state.asked_to_end) * 1e3);
            memset(floats, 0xFF, sizeof floats);
            begin(&state, -1);
            OK(call(&with, kind, 50));
            EXPECT(memcmp(floats, expected, 12 * sizeof *floats) == 0); /* of which the answers are the fewest */
        }
    }
    EXPECT(most >= 4);
    /* Short calls are over before anybody is asked, unless the machine has no time for them. */
    for (int kind = 0; kind < 7; kind++) {
        unsigned asked = 0;
        for (int round = 0; round < 20; round++) {
            begin(&state, -1);
            OK(call(&with, kind, 1));
            asked += state.calls > 0;
        }
        EXPECT(asked < 10);
    }
    limbeck_session *all[] = {with.embed, with.classify, with.rerank, with.tag, with.answer, with.fill};
    for (int i = 0; i < 6; i++) limbeck_session_free(all[i]);
}

/* Being asked changes no bit. */
static void bits(uint32_t threads) {
    watch state;
    limbeck_session_options plain = {.struct_size = sizeof plain, .threads = threads}, asking = plain;
    asking.interrupt = ask;
    asking.context = &state;
    sessions without = {.embed = session("embed", &plain, NULL)}, with = {.embed = session("embed", &asking, NULL)};
    begin(&state, -1);
    const size_t count = TEXTS / 4, bytes = count * WIDTH * sizeof *floats;
    OK(call(&without, 0, count));
    EXPECT(state.calls == 0);
    memcpy(expected, floats, bytes);
    memset(floats, 0, bytes);
    begin(&state, -1);
    OK(call(&with, 0, count));
    EXPECT(state.calls > 2);
    EXPECT(memcmp(floats, expected, bytes) == 0);
    limbeck_session_free(without.embed);
    limbeck_session_free(with.embed);
}

/* The options of a caller that was compiled when there was no interrupt: what lies behind them is not read. */
static void earlier(void) {
    limbeck_session_options options;
    memset(&options, 0xFF, sizeof options);
    options.struct_size = offsetof(limbeck_session_options, interrupt);
    options.threads = 1;
    options.max_tokens = options.kernels = 0;
    sessions with = {.embed = session("embed", &options, NULL)};
    OK(call(&with, 0, 20000));
    limbeck_session_free(with.embed);
}

/* An interrupt that ends a pack leaves no file. */
static int32_t at_once(void *pointer) { return ++*(int *)pointer > 0; }
static void packing(void) {
    char path[4096], out[4096], message[256];
    int count = 0, bytes = snprintf(path, sizeof path, "%s/embed", folder);
    int out_bytes = snprintf(out, sizeof out, "%s/interrupted.limbeck", folder);
    limbeck_pack_options options = {.struct_size = sizeof options, .interrupt = at_once, .context = &count};
    STATUS(LIMBECK_INTERRUPTED, limbeck_pack(path, (size_t)bytes, out, (size_t)out_bytes, &options, message, sizeof message));
    EXPECT(count == 1 && message[0] != 0);
    EXPECT(fopen(out, "r") == NULL);
    options.struct_size = offsetof(limbeck_pack_options, interrupt);
    OK(limbeck_pack(path, (size_t)bytes, out, (size_t)out_bytes, &options, message, sizeof message));
    EXPECT(count == 1 && remove(out) == 0);
}

int main(int argc, char **argv) {
    start(argc, argv);
    for (size_t i = 0; i < TEXTS; i++) {
        texts[i] = "hello world who is in paris and works with the hello world";
        lengths[i] = 10 + i % 48;
    }
    for (size_t i = 0; i < sizeof context; i++) context[i] = "hello world, who is in paris? "[i % 30];
    earlier();
    packing();
    for (uint32_t threads = 1; threads <= 2; threads++) {
        end(threads);
        bits(threads);
    }
    return finish();
}
