/* fork() after a session with threads was made: the child answers with the same bits, and may free what it has. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi.h"

enum { TEXTS = 64, WIDTH = 24 };
static const char *texts[TEXTS];
static size_t lengths[TEXTS];
static float expected[TEXTS * WIDTH], many[20000 * WIDTH];
static limbeck_session *shared;
static limbeck_model *model;
static char message[256];

/* The operating system refuses threads. */
static atomic_int refuses;
static int (*real_create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument) {
    if (!real_create) *(void **)&real_create = dlsym(RTLD_NEXT, "pthread_create");
    return atomic_load(&refuses) ? EAGAIN : real_create(thread, attributes, run, argument);
}

/* Runs `body` in a child, which must come to its end without a failure, and soon. */
static void in_child(const char *name, void (*body)(void)) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(60); /* one that hangs is ended */
        failures = 0;
        body();
        _exit(failures != 0);
    }
    int status = -1;
    EXPECT(child > 0 && waitpid(child, &status, 0) == child);
    checks++;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        failures++;
        fprintf(stderr, "%s: the child %s %d\n", name, WIFSIGNALED(status) ? "was ended by signal" : "ended with",
                WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
}

static void answers(limbeck_session *session) {
    float vectors[TEXTS * WIDTH];
    OK(limbeck_embed(session, texts, lengths, TEXTS, NULL, vectors, TEXTS * WIDTH));
    EXPECT(memcmp(vectors, expected, sizeof vectors) == 0);
}

static void answer_and_free(void) {
    for (int i = 0; i < 3; i++) answers(shared);
    limbeck_session_free(shared);
    limbeck_model_close(model);
}

static void only_free(void) {
    limbeck_session_free(shared);
    limbeck_model_close(model);
}

static void nothing(void) {}

static void fork_again(void) {
    answers(shared);
    in_child("the child of a child", answer_and_free);
    answers(shared);
    in_child("the child of a child that never called", only_free);
}

/* A child makes sessions of its own, too. */
static void new_session(void) {
    limbeck_session *own;
    OK(limbeck_session_new(model, &(limbeck_session_options){.struct_size = sizeof(limbeck_session_options), .threads = 3}, &own));
    answers(own);
    answers(shared);
    limbeck_session_free(own);
    answer_and_free();
}

static void without_threads(void) {
    float vectors[TEXTS * WIDTH];
    for (int i = 0; i < 3; i++) {
        atomic_store(&refuses, 1);
        STATUS(LIMBECK_THREADS_UNAVAILABLE, limbeck_embed(shared, texts, lengths, TEXTS, NULL, vectors, TEXTS * WIDTH));
        EXPECT(strstr(message, "fork") != NULL && strstr(message, "threads 1") != NULL);
        if (i == 1) in_child("the child of a child without threads", only_free);
    }
    atomic_store(&refuses, 0);
    answer_and_free();
}

/* Every kind of call may be a child's first. */
static limbeck_session *of_kind[6];
static int kind;
static void first_call(void) {
    limbeck_span spans[64];
    limbeck_answer found[4];
    limbeck_candidate candidates[64];
    int32_t ids[] = {2, 7, 9, 3};
    size_t length = 4, count;
    limbeck_session *with = of_kind[kind % 6];
    switch (kind) {
    case 0: OK(limbeck_embed(with, texts, lengths, TEXTS, NULL, many, TEXTS * WIDTH)); break;
    case 1: OK(limbeck_classify(with, texts, lengths, NULL, NULL, TEXTS, NULL, many, TEXTS * 3)); break;
    case 2: OK(limbeck_rerank(with, "who", 3, texts, lengths, TEXTS, NULL, many, TEXTS)); break;
    case 3: OK(limbeck_tag(with, texts[0], lengths[0], NULL, spans, 64, &count)); break;
    case 4: OK(limbeck_answer_question(with, "who", 3, texts[0], lengths[0], NULL, found, 4, &count)); break;
    case 5: OK(limbeck_fill(with, "hello [MASK]", 12, NULL, candidates, 64, &count)); break;
    default: OK(limbeck_forward(with, ids, NULL, &length, 1, LIMBECK_OUTPUT_HIDDEN, -1, many, 4 * WIDTH, &count));
    }
}

/* Another thread of the parent is in a call, wherever the fork finds it. */
static atomic_int stops, rounds;
static void *call_on(void *argument) {
    (void)argument;
    static const char *long_texts[20000];
    static size_t long_lengths[20000];
    for (size_t i = 0; i < 20000; i++) {
        long_texts[i] = texts[i % TEXTS];
        long_lengths[i] = lengths[i % TEXTS];
    }
    while (!atomic_load(&stops)) {
        OK(limbeck_embed(shared, long_texts, long_lengths, 20000, NULL, many, 20000 * WIDTH));
        atomic_fetch_add(&rounds, 1);
    }
    return NULL;
}

static void during_a_call(void) {
    pthread_t thread;
    EXPECT(pthread_create(&thread, NULL, call_on, NULL) == 0);
    for (unsigned i = 0; i < 40; i++) {
        usleep(500 + i * 977 % 20000);
        in_child("a child of a parent that calls", i % 4 == 3 ? only_free : answer_and_free);
    }
    atomic_store(&stops, 1);
    pthread_join(thread, NULL);
    EXPECT(atomic_load(&rounds) > 0);
    answers(shared);
}

/* A fork in the interrupt: the child's call ends, and the parent's goes on. */
static int forks;
static pid_t child_of_interrupt = -1;
static int32_t fork_there(void *context) {
    (void)context;
    if (forks++ == 0) {
        child_of_interrupt = fork();
        if (child_of_interrupt == 0) alarm(60);
    }
    return 0;
}

static void in_the_interrupt(void) {
    limbeck_session_options options = {.struct_size = sizeof options, .threads = 2, .interrupt = fork_there};
    limbeck_session *own = session("embed", &options, NULL);
    static const char *long_texts[20000];
    static size_t long_lengths[20000];
    for (size_t i = 0; i < 20000; i++) {
        long_texts[i] = texts[i % TEXTS];
        long_lengths[i] = lengths[i % TEXTS];
    }
    int32_t status = LIMBECK_OK;
    for (int i = 0; i < 100 && forks == 0; i++)
        status = limbeck_embed(own, long_texts, long_lengths, 20000, NULL, many, 20000 * WIDTH);
    if (child_of_interrupt == 0) {
        failures = 0;
        STATUS(LIMBECK_INTERRUPTED, status);
        answers(own);
        limbeck_session_free(own);
        _exit(failures != 0);
    }
    STATUS(LIMBECK_OK, status);
    EXPECT(forks > 0);
    int ended = -1;
    EXPECT(waitpid(child_of_interrupt, &ended, 0) == child_of_interrupt && WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
    limbeck_session_free(own);
}

int main(int argc, char **argv) {
    start(argc, argv);
    static const char *const words[] = {"hello", "world", "who is", "in paris", "?", "abc", "x y z"};
    static char storage[TEXTS][64];
    for (size_t i = 0; i < TEXTS; i++) {
        snprintf(storage[i], sizeof storage[i], "%s %s %s", words[i % 7], words[i / 7 % 7], i % 3 ? words[i * 5 % 7] : "");
        texts[i] = storage[i];
        lengths[i] = strlen(storage[i]);
    }
    for (uint32_t threads = 1; threads <= 4; threads++) {
        limbeck_session_options options = {
            .struct_size = sizeof options, .threads = threads, .message = message, .message_capacity = sizeof message};
        shared = session("embed", &options, &model);
        in_child("before the first call", threads > 1 ? only_free : nothing);
        OK(limbeck_embed(shared, texts, lengths, TEXTS, NULL, expected, TEXTS * WIDTH));
        in_child("answer and free", answer_and_free);
        in_child("free", only_free);
        in_child("nothing", nothing);
        in_child("fork again", fork_again);
        in_child("a session of its own", new_session);
        if (threads > 1) in_child("without threads", without_threads);
        usleep(50000); /* the workers sleep, and one of them may hold the lock that they sleep with */
        in_child("after a pause", answer_and_free);
        if (threads == 2) during_a_call();
        answers(shared);
        limbeck_session_free(shared);
        limbeck_model_close(model);
    }
    limbeck_session_options two = {.struct_size = sizeof two, .threads = 2};
    static const char *const names[] = {"embed", "classify", "rerank", "tag", "answer", "fill"};
    for (int i = 0; i < 6; i++) of_kind[i] = session(names[i], &two, NULL);
    for (kind = 0; kind < 7; kind++) in_child(kind < 6 ? names[kind] : "forward", first_call);
    for (int i = 0; i < 6; i++) limbeck_session_free(of_kind[i]);
    in_the_interrupt();
    return finish();
}
