/* Which label fits each text, and how soon did the model know? A model with exits, such as FastBERT, spends on every text what it
 * needs: a text leaves at the first exit whose uncertainty is below the threshold. */
#include "common.h"

int main(int argc, char **argv) {
    limbeck_model *model = openOrDie(modelPath(argc, argv, "MODEL THRESHOLD TEXT..."));
    limbeck_session *session = sessionOrDie(model);
    if (argc < 4) return 64;
    size_t count = (size_t)argc - 3, labels = infoOf(model).label_count;
    size_t *lengths = lengthsOrDie(argv + 3, count);
    float *scores = allocateOrDie(count * labels * sizeof *scores), threshold = strtof(argv[2], NULL);
    uint32_t *layers = allocateOrDie(count * sizeof *layers);
    limbeck_classify_options options = {.struct_size = sizeof options,
                                        .exit_thresholds = &threshold,
                                        .exit_threshold_count = 1,
                                        .layers = layers,
                                        .layer_capacity = count};

    CHECK(limbeck_classify(session, (const char *const *)argv + 3, lengths, NULL, NULL, count, &options, scores, count * labels));

    for (size_t i = 0; i < count; i++) {
        size_t best = 0;
        for (size_t k = 1; k < labels; k++)
            if (scores[i * labels + k] > scores[i * labels + best]) best = k;
        printf("%.4f ", scores[i * labels + best]);
        printLabel(model, (int32_t)best, 0);
        printf("  after %u layers  %s\n", layers[i], argv[i + 3]);
    }
    free(layers);
    free(scores);
    free(lengths);
    limbeck_session_free(session);
    limbeck_model_close(model);
    return 0;
}
