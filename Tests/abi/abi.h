/* What the programs of this folder share: expectations that go on after a failure, and the models that run.sh made. */
#ifndef LIMBECK_TESTS_ABI_H
#define LIMBECK_TESTS_ABI_H

#include <limbeck.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures, checks;

#define EXPECT(condition)                                                           \
    do {                                                                            \
        checks++;                                                                   \
        if (!(condition)) {                                                         \
            failures++;                                                             \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
        }                                                                           \
    } while (0)

/* A call must return this status. */
#define STATUS(expected, call)                                                                                          \
    do {                                                                                                                \
        int32_t status_found = (call);                                                                                  \
        checks++;                                                                                                       \
        if (status_found != (expected)) {                                                                               \
            failures++;                                                                                                 \
            fprintf(stderr, "%s:%d: %s gave %d (%s), expected %d (%s)\n", __FILE__, __LINE__, #call, (int)status_found, \
                    limbeck_status_string(status_found), (int)(expected), limbeck_status_string(expected));             \
        }                                                                                                               \
    } while (0)

#define OK(call) STATUS(LIMBECK_OK, call)
#define INVALID(call) STATUS(LIMBECK_INVALID_ARGUMENT, call)

static int finish(void) {
    printf("%d checks, %d failed\n", checks, failures);
    return failures != 0;
}

static const char *folder;

static inline int32_t openModel(const char *name, limbeck_model **model) {
    char path[4096], message[256];
    int bytes = snprintf(path, sizeof path, "%s/%s", folder, name);
    int32_t status = limbeck_model_open(path, (size_t)bytes, model, message, sizeof message);
    if (status != LIMBECK_OK) fprintf(stderr, "%s: %s\n", path, message);
    return status;
}

/* A model and a session, or the end of the program. */
static inline limbeck_session *session(const char *name, const limbeck_session_options *options, limbeck_model **model) {
    limbeck_model *own = NULL;
    limbeck_session *made = NULL;
    if (openModel(name, &own) != LIMBECK_OK || limbeck_session_new(own, options, &made) != LIMBECK_OK) {
        fprintf(stderr, "%s: no session\n", name);
        exit(1);
    }
    if (model) *model = own;
    else limbeck_model_close(own); /* the session keeps it */
    return made;
}

static inline int start(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s MODELS\n", argv[0]);
        exit(64);
    }
    folder = argv[1];
    return 0;
}

#endif
