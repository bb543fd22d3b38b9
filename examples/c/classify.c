/* Which label fits each text? Prints the probabilities of a classifier, best label first. */
#include "common.h"

int main(int argc, char **argv) {
    limbeck_model *model = openOrDie(modelPath(argc, argv, "MODEL TEXT..."));
    limbeck_session *session = sessionOrDie(model);
    size_t count = (size_t)argc - 2, labels = infoOf(model).label_count;
    size_t *lengths = lengthsOrDie(argv + 2, count);
    float *scores = allocateOrDie(count * labels * sizeof *scores);

    CHECK(limbeck_classify(session, (const char *const *)argv + 2, lengths, NULL, NULL, count, NULL, scores, count * labels));

    for (size_t i = 0; i < count; i++) {
        size_t best = 0;
        for (size_t k = 1; k < labels; k++)
            if (scores[i * labels + k] > scores[i * labels + best]) best = k;
        printf("%.4f ", scores[i * labels + best]);
        printLabel(model, (int32_t)best, 0);
        printf("  %s\n", argv[i + 2]);
    }
    free(scores);
    free(lengths);
    limbeck_session_free(session);
    limbeck_model_close(model);
    return 0;
}
