/* Handles are closed in every order: a session and a tokenizer keep what they need, and give the same bits without the model. */
#include <dirent.h>
#include <time.h>

#include "abi.h"

static const char *text = "hello world, who is in paris?";

static const limbeck_session_options *small(uint32_t threads) {
    static limbeck_session_options options;
    options = (limbeck_session_options){.struct_size = sizeof options, .threads = threads, .max_tokens = 64};
    return &options;
}

static void vector(limbeck_session *session, float *values) {
    size_t bytes = strlen(text);
    OK(limbeck_embed(session, &text, &bytes, 1, NULL, values, 24));
}

static size_t count(limbeck_tokenizer *tokenizer) {
    size_t tokens = 0;
    OK(limbeck_tokenize(tokenizer, text, strlen(text), NULL, 0, NULL, NULL, NULL, NULL, NULL, 1000, &tokens));
    return tokens;
}

/* The threads of this process. */
static int threads(void) {
    int entries = 0;
    DIR *tasks = opendir("/proc/self/task");
    if (!tasks) return 0;
    while (readdir(tasks)) entries++;
    closedir(tasks);
    return entries - 2;
}

/* Whether so many threads are left: the system may list one that was joined a moment longer, but not a second. */
static int left(int count) {
    for (int i = 0; i < 1000 && threads() != count; i++) nanosleep(&(struct timespec){0, 1000000}, NULL);
    return threads() == count;
}

int main(int argc, char **argv) {
    start(argc, argv);
    float before[24], after[24];

    /* model, tokenizer, session: the six orders of closing. */
    for (int order = 0; order < 6; order++) {
        limbeck_model *model;
        limbeck_tokenizer *tokenizer;
        limbeck_session *embed = session("embed", NULL, &model);
        OK(limbeck_model_tokenizer(model, &tokenizer));
        vector(embed, before);
        size_t tokens = count(tokenizer);
        static const char *const orders[] = {"mts", "mst", "tms", "tsm", "smt", "stm"};
        for (const char *next = orders[order]; *next; next++) {
            if (*next == 'm') limbeck_model_close(model), model = NULL;
            if (*next == 't') limbeck_tokenizer_close(tokenizer), tokenizer = NULL;
            if (*next == 's') limbeck_session_free(embed), embed = NULL;
            if (tokenizer) EXPECT(count(tokenizer) == tokens);
            if (embed) {
                memset(after, 0xFF, sizeof after);
                vector(embed, after);
                EXPECT(memcmp(before, after, sizeof after) == 0);
            }
        }
    }

    /* Many sessions of one model outlive it. */
    limbeck_model *model;
    limbeck_session *many[16] = {session("embed", NULL, &model)};
    for (int i = 1; i < 16; i++) OK(limbeck_session_new(model, NULL, &many[i]));
    limbeck_model_close(model);
    for (int i = 0; i < 16; i++) {
        vector(many[i], after);
        EXPECT(memcmp(before, after, sizeof after) == 0);
        limbeck_session_free(many[i]);
    }

    /* Opening and closing leaves nothing behind: the thousandth time is as the first. */
    for (int i = 0; i < 1000; i++) {
        limbeck_session_free(session("embed", small(1), NULL));
    }
    for (int i = 0; i < 20; i++) {
        limbeck_session *of4 = session("embed", small(4), NULL);
        EXPECT(threads() == 4);
        if (i % 2) vector(of4, after); /* workers that never worked must end too */
        limbeck_session_free(of4);
        EXPECT(left(1));
    }
    int descriptors = 0;
    for (int i = 0; i < 256; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/self/fd/%d", i);
        FILE *file = fopen(path, "r");
        if (file) descriptors++, fclose(file);
    }
    EXPECT(descriptors < 8);
    return finish();
}
