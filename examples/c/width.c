/* How much of a model does a text need? A model such as DynaBERT is trained to answer with a part of itself as well: the same weights,
 * opened once, serve a session of all of it and one of half of its width. */
#include "common.h"

static void classifyOrDie(limbeck_model *model, double width, int count, char **texts) {
    limbeck_session_options options = {.struct_size = sizeof options, .width = width};
    limbeck_session *session;
    CHECK(limbeck_session_new(model, &options, &session));
    limbeck_session_info_t part = {.struct_size = sizeof part};
    CHECK(limbeck_session_info(session, &part));
    printf("%u layers of %u heads\n", (unsigned)part.layers, (unsigned)part.heads);

    size_t labels = infoOf(model).label_count, *lengths = lengthsOrDie(texts, (size_t)count);
    float *scores = allocateOrDie((size_t)count * labels * sizeof *scores);
    CHECK(limbeck_classify(session, (const char *const *)texts, lengths, NULL, NULL, (size_t)count, NULL, scores,
                           (size_t)count * labels));
    for (int i = 0; i < count; i++) {
        size_t best = 0;
        for (size_t k = 1; k < labels; k++)
            if (scores[(size_t)i * labels + k] > scores[(size_t)i * labels + best]) best = k;
        printf("  %.4f ", scores[(size_t)i * labels + best]);
        printLabel(model, (int32_t)best, 0);
        printf("  %s\n", texts[i]);
    }
    free(scores);
    free(lengths);
    limbeck_session_free(session);
}

int main(int argc, char **argv) {
    limbeck_model *model = openOrDie(modelPath(argc, argv, "MODEL TEXT..."));
    if (argc < 3) return 64;
    classifyOrDie(model, 1, argc - 2, argv + 2);
    classifyOrDie(model, 0.5, argc - 2, argv + 2);
    limbeck_model_close(model);
    return 0;
}
