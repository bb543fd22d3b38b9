/* How similar are texts? Computes one vector each, then the cosine of every text with the first. */
#include "common.h"

int main(int argc, char **argv) {
    limbeck_model *model = openOrDie(modelPath(argc, argv, "MODEL TEXT..."));
    limbeck_session *session = sessionOrDie(model);
    size_t count = (size_t)argc - 2, width = infoOf(model).embedding_size;
    size_t *lengths = lengthsOrDie(argv + 2, count);
    float *vectors = allocateOrDie(count * width * sizeof *vectors);

    limbeck_embed_options options = {.struct_size = sizeof options, .normalize = 1};
    CHECK(limbeck_embed(session, (const char *const *)argv + 2, lengths, count, &options, vectors, count * width));

    for (size_t i = 0; i < count; i++) {
        float cosine = 0;
        for (size_t k = 0; k < width; k++) cosine += vectors[k] * vectors[i * width + k];
        printf("%7.4f  %s\n", cosine, argv[i + 2]);
    }
    free(vectors);
    free(lengths);
    limbeck_session_free(session);
    limbeck_model_close(model);
    return 0;
}
