/* The least there is: a model folder, one text, its vector. cc hello.c -llimbeck; ./a.out models/all-MiniLM-L6-v2 */
#include <limbeck.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
    const char *path = argc > 1 ? argv[1] : "model", *text = "Hello, world";
    size_t text_bytes = strlen(text);
    float vector[4096];
    char message[512];
    limbeck_model *model = NULL;
    limbeck_session *session = NULL;

    if (limbeck_model_open(path, strlen(path), &model, message, sizeof message)) return puts(message), 1;
    int32_t status = limbeck_session_new(model, NULL, &session);
    if (!status) status = limbeck_embed(session, &text, &text_bytes, 1, NULL, vector, 4096);
    if (status) return puts(limbeck_status_string(status)), 1;

    for (int i = 0; i < 8; i++) printf("%.4f ", vector[i]);
    puts("...");
    limbeck_session_free(session);
    limbeck_model_close(model);
    return 0;
}
