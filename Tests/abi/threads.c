/* One model and one tokenizer, shared by threads that each own a session: the same bits as alone, with any number of workers. */
#include "abi.h"
#include <pthread.h>

enum { TEXTS = 24, THREADS = 8, ROUNDS = 40, WIDTH = 24 };
static const char *texts[TEXTS];
static size_t lengths[TEXTS];
static float expected[TEXTS * WIDTH];
static limbeck_model *model;
static limbeck_tokenizer *tokenizer;

static void *serve(void *argument) {
    size_t number = *(size_t *)argument, wrong = 0;
    limbeck_session_options options = {.struct_size = sizeof options, .threads = 1 + (uint32_t)number % 3};
    if (number % 2) options.max_tokens = 24;
    limbeck_session *own;
    if (limbeck_session_new(model, &options, &own) != LIMBECK_OK) return (void *)1;
    static const size_t all_bytes = sizeof expected;
    float *values = malloc(all_bytes);
    for (size_t round = 0; round < ROUNDS; round++) {
        size_t first = (number + round) % TEXTS, count = 1 + round % (TEXTS - first);
        if (limbeck_embed(own, texts + first, lengths + first, count, NULL, values, count * WIDTH) != LIMBECK_OK) wrong++;
        if (memcmp(values, expected + first * WIDTH, count * WIDTH * sizeof *values) != 0) wrong++;
        int32_t ids[64];
        size_t tokens;
        wrong += limbeck_tokenize(tokenizer, texts[first], lengths[first], NULL, 0, NULL, ids, NULL, NULL, NULL, 64, &tokens) !=
                 LIMBECK_OK;
    }
    free(values);
    limbeck_session_free(own);
    return (void *)wrong;
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
    limbeck_session *one = session("embed", NULL, &model);
    OK(limbeck_model_tokenizer(model, &tokenizer));
    for (size_t i = 0; i < TEXTS; i++) /* each alone */
        OK(limbeck_embed(one, texts + i, lengths + i, 1, NULL, expected + i * WIDTH, WIDTH));
    limbeck_session_free(one);

    pthread_t threads[THREADS];
    size_t numbers[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        numbers[i] = i;
        EXPECT(pthread_create(&threads[i], NULL, serve, &numbers[i]) == 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        EXPECT(wrong == NULL);
    }
    limbeck_tokenizer_close(tokenizer);
    limbeck_model_close(model);
    return finish();
}
