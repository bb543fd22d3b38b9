/* A part of a model: width and depth of a session, over the same weights. */
#include "abi.h"

enum { TOKENS = 6, LABELS = 2 };
static const int32_t ids[] = {101, 7, 50, 9, 180, 102};
static const size_t lengths[] = {TOKENS};

static limbeck_session *open_part(double width, double depth, limbeck_model **model, uint64_t heads, uint64_t layers) {
    limbeck_session_options options = {.struct_size = sizeof options, .threads = 1, .width = width, .depth = depth};
    limbeck_session *part = session("dynabert", &options, model);
    limbeck_session_info_t info = {.struct_size = sizeof info};
    OK(limbeck_session_info(part, &info));
    EXPECT(info.heads == heads && info.layers == layers);
    return part;
}

int main(int argc, char **argv) {
    if (argc != 2) return 64;
    folder = argv[1];
    limbeck_model *model;
    limbeck_session *whole = open_part(0, 0, &model, 4, 6);
    limbeck_session_info_t most = {.struct_size = sizeof most};
    OK(limbeck_session_info(whole, &most));
    float all[LABELS], some[LABELS];
    size_t count;
    OK(limbeck_forward(whole, ids, NULL, lengths, 1, LIMBECK_OUTPUT_LOGITS, -1, all, LABELS, &count));

    /* A fraction of 1 is all. */
    limbeck_session *part = open_part(1, 1, NULL, 4, 6);
    OK(limbeck_forward(part, ids, NULL, lengths, 1, LIMBECK_OUTPUT_LOGITS, -1, some, LABELS, &count));
    EXPECT(memcmp(all, some, sizeof all) == 0);
    limbeck_session_free(part);

    /* Half to even: 2.5 of 4 heads are 2. A part needs no more memory. */
    part = open_part(0.625, 0.75, NULL, 2, 4);
    OK(limbeck_forward(part, ids, NULL, lengths, 1, LIMBECK_OUTPUT_LOGITS, -1, some, LABELS, &count));
    EXPECT(memcmp(all, some, sizeof all) != 0);
    limbeck_session_free(part);
    part = open_part(0.25, 0.5, NULL, 1, 3);
    limbeck_session_info_t least = {.struct_size = sizeof least};
    OK(limbeck_session_info(part, &least));
    EXPECT(least.memory_bytes <= most.memory_bytes);

    /* A caller of an earlier version has shorter structs: no width, and nothing of heads. */
    limbeck_session_options old = {.struct_size = offsetof(limbeck_session_options, width), .threads = 1, .width = 0.5};
    limbeck_session *older;
    OK(limbeck_session_new(model, &old, &older));
    OK(limbeck_forward(older, ids, NULL, lengths, 1, LIMBECK_OUTPUT_LOGITS, -1, some, LABELS, &count));
    EXPECT(memcmp(all, some, sizeof all) == 0);
    limbeck_session_free(older);

    limbeck_session_free(part);
    limbeck_session_free(whole);
    limbeck_model_close(model);
    return finish();
}
