/* Which document answers the query? A cross-encoder reads the query beside every document. */
#include "common.h"

int main(int argc, char **argv) {
    limbeck_model *model = openOrDie(modelPath(argc, argv, "MODEL QUERY DOCUMENT..."));
    limbeck_session *session = sessionOrDie(model);
    if (argc < 4) die("rerank", "a query and documents, please");
    const char *query = argv[2];
    size_t count = (size_t)argc - 3;
    size_t *lengths = lengthsOrDie(argv + 3, count);
    float *scores = allocateOrDie(count * sizeof *scores);

    CHECK(limbeck_rerank(session, query, strlen(query), (const char *const *)argv + 3, lengths, count, NULL, scores, count));

    for (size_t i = 0; i < count; i++) printf("%8.4f  %s\n", scores[i], argv[i + 3]);
    free(scores);
    free(lengths);
    limbeck_session_free(session);
    limbeck_model_close(model);
    return 0;
}
