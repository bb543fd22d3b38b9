/* Where in the context is the answer? The three best spans. */
#include "common.h"

int main(int argc, char **argv) {
    limbeck_model *model = openOrDie(modelPath(argc, argv, "MODEL QUESTION CONTEXT"));
    limbeck_session *session = sessionOrDie(model);
    if (argc != 4) die("answer", "a question and a context, please");
    const char *question = argv[2], *context = argv[3];

    limbeck_answer answers[3];
    size_t count;
    limbeck_answer_options options = {.struct_size = sizeof options, .top_k = 3};
    CHECK(limbeck_answer_question(session, question, strlen(question), context, strlen(context), &options, answers, 3, &count));

    for (size_t i = 0; i < count; i++)
        printf("%.4f  %.*s\n", answers[i].score, (int)(answers[i].end - answers[i].start), context + answers[i].start);
    limbeck_session_free(session);
    limbeck_model_close(model);
    return 0;
}
