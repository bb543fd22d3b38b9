/* The structure of a server: one shared model; one session per thread, each with a single CPU. */
#include "common.h"
#include <pthread.h>

typedef struct {
    const limbeck_model *model;
    const char *text;
    float *vector;
    size_t width;
} job;

static void *serve(void *argument) {
    job *my = argument;
    limbeck_session_options options = {.struct_size = sizeof options, .threads = 1};
    limbeck_session *session;
    CHECK(limbeck_session_new(my->model, &options, &session));
    size_t bytes = strlen(my->text);
    CHECK(limbeck_embed(session, &my->text, &bytes, 1, NULL, my->vector, my->width));
    limbeck_session_free(session);
    return NULL;
}

int main(int argc, char **argv) {
    limbeck_model *model = openOrDie(modelPath(argc, argv, "MODEL TEXT..."));
    size_t count = (size_t)argc - 2, width = infoOf(model).embedding_size;
    pthread_t *threads = allocateOrDie(count * sizeof *threads);
    job *jobs = allocateOrDie(count * sizeof *jobs);

    for (size_t i = 0; i < count; i++) {
        jobs[i] = (job){model, argv[i + 2], allocateOrDie(width * sizeof(float)), width};
        if (pthread_create(&threads[i], NULL, serve, &jobs[i]) != 0) die("pthread_create", "no thread");
    }
    for (size_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        printf("%8.4f %8.4f ...  %s\n", jobs[i].vector[0], jobs[i].vector[width > 1], jobs[i].text);
        free(jobs[i].vector);
    }
    free(jobs);
    free(threads);
    limbeck_model_close(model);
    return 0;
}
