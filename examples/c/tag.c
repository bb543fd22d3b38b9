/* Names in a text: labelled spans. The first call counts, the second fills: the way of every call with a `count`. */
#include "common.h"

int main(int argc, char **argv) {
    limbeck_model *model = openOrDie(modelPath(argc, argv, "MODEL TEXT..."));
    limbeck_session *session = sessionOrDie(model);

    for (int i = 2; i < argc; i++) {
        const char *text = argv[i];
        size_t bytes = strlen(text), count = 0;
        int32_t status = limbeck_tag(session, text, bytes, NULL, NULL, 0, &count);
        if (status != LIMBECK_CAPACITY) CHECK(status); /* LIMBECK_OK: no span at all */
        limbeck_span *spans = allocateOrDie(count * sizeof *spans);
        CHECK(limbeck_tag(session, text, bytes, NULL, spans, count, &count));

        for (size_t k = 0; k < count; k++) {
            printf("%.4f ", spans[k].score);
            printLabel(model, spans[k].label, 1);
            printf("  %.*s\n", (int)(spans[k].end - spans[k].start), text + spans[k].start);
        }
        free(spans);
    }
    limbeck_session_free(session);
    limbeck_model_close(model);
    return 0;
}
