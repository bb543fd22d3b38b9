/* Code shared by the examples, to keep each of them short. */
#ifndef LIMBECK_EXAMPLES_COMMON_H
#define LIMBECK_EXAMPLES_COMMON_H

#include <limbeck.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program when a call fails, saying which one and why. */
#define CHECK(call)                                                                                             \
    do {                                                                                                        \
        int32_t check_status = (call);                                                                          \
        if (check_status != LIMBECK_OK) {                                                                       \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, limbeck_status_string(check_status)); \
            exit(1);                                                                                            \
        }                                                                                                       \
    } while (0)

static inline void die(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static inline void *allocateOrDie(size_t bytes) {
    void *memory = malloc(bytes ? bytes : 1);
    if (!memory) die("malloc", "out of memory");
    return memory;
}

static inline limbeck_model *openOrDie(const char *path) {
    char message[512];
    limbeck_model *model;
    if (limbeck_model_open(path, strlen(path), &model, message, sizeof message) != LIMBECK_OK) die(path, message);
    return model;
}

static inline limbeck_session *sessionOrDie(const limbeck_model *model) {
    limbeck_session *session;
    CHECK(limbeck_session_new(model, NULL, &session));
    return session;
}

static inline limbeck_model_info_t infoOf(const limbeck_model *model) {
    limbeck_model_info_t info;
    info.struct_size = sizeof info;
    CHECK(limbeck_model_info(model, &info));
    return info;
}

/* The name of a label; with `joined`, without "B-" and "I-". */
static inline void printLabel(const limbeck_model *model, int32_t label, int joined) {
    char name[256];
    size_t bytes;
    CHECK((joined ? limbeck_model_entity : limbeck_model_label)(model, label, name, sizeof name, &bytes));
    printf("%.*s", (int)bytes, name);
}

/* The model folder is the first argument; the texts are the others. */
static inline const char *modelPath(int argc, char **argv, const char *usage) {
    if (argc < 2) {
        fprintf(stderr, "usage: %s %s\n", argv[0], usage);
        exit(64);
    }
    return argv[1];
}

static inline size_t *lengthsOrDie(char **texts, size_t count) {
    size_t *lengths = allocateOrDie(count * sizeof *lengths);
    for (size_t i = 0; i < count; i++) lengths[i] = strlen(texts[i]);
    return lengths;
}

#endif
