/* Models with exits: thresholds and patience, the layers of every text, and ids through limbeck_exits(). */
#include "abi.h"

static const char *const texts[] = {"the tool", "机器学习 and text", "?", "a"};
enum { COUNT = 4, LABELS = 3, EXITS = 3 };
static const size_t bytes[COUNT] = {8, 21, 1, 1};

static int32_t classify(limbeck_session *session, const limbeck_classify_options *options, float *scores) {
    return limbeck_classify(session, texts, bytes, NULL, NULL, COUNT, options, scores, COUNT * LABELS);
}

int main(int argc, char **argv) {
    if (argc != 2) return 64;
    folder = argv[1];
    limbeck_model *model;
    limbeck_session_options few = {.struct_size = sizeof few, .threads = 1};
    limbeck_session *own = session("exits", &few, &model);
    limbeck_model_info_t info = {.struct_size = sizeof info};
    OK(limbeck_model_info(model, &info));
    EXPECT(info.exits == EXITS && info.exit_rule == LIMBECK_EXIT_UNCERTAINTY_BELOW && info.family == LIMBECK_FAMILY_FASTBERT);
    EXPECT(info.label_count == LABELS);
    limbeck_session_info_t facts = {.struct_size = sizeof facts};
    OK(limbeck_session_info(own, &facts));
    EXPECT(facts.exits == EXITS && facts.layers == 3);

    /* Without a choice all leave at the last exit; at a threshold of 1 at the first. */
    float last[COUNT * LABELS], first[COUNT * LABELS], some[COUNT * LABELS], one = 1, half = 0.5f;
    uint32_t layers[COUNT];
    limbeck_classify_options options = {.struct_size = sizeof options, .layers = layers, .layer_capacity = COUNT};
    OK(classify(own, NULL, last));
    OK(classify(own, &options, some));
    EXPECT(memcmp(last, some, sizeof last) == 0);
    for (int i = 0; i < COUNT; i++) EXPECT(layers[i] == 3);
    options.exit_thresholds = &one, options.exit_threshold_count = 1;
    OK(classify(own, &options, first));
    for (int i = 0; i < COUNT; i++) EXPECT(layers[i] == 1);
    options.exit_thresholds = &half;
    OK(classify(own, &options, some));
    int early = 0;
    for (int i = 0; i < COUNT; i++) {
        early += layers[i] == 1;
        if (layers[i] == 1) EXPECT(memcmp(some + i * LABELS, first + i * LABELS, LABELS * sizeof *some) == 0);
        if (layers[i] == 3) EXPECT(memcmp(some + i * LABELS, last + i * LABELS, LABELS * sizeof *some) == 0);
    }
    EXPECT(early > 0 && early < COUNT);

    /* A caller of the first version has a shorter struct, and no exits. */
    limbeck_classify_options old = options;
    old.struct_size = 16;
    OK(classify(own, &old, some));
    EXPECT(memcmp(last, some, sizeof last) == 0);

    /* One threshold for each exit but the last, patience, and what is refused. */
    float each[] = {0, 1};
    options.exit_thresholds = each, options.exit_threshold_count = 2;
    OK(classify(own, &options, some));
    for (int i = 0; i < COUNT; i++) EXPECT(layers[i] == 2);
    options.exit_threshold_count = 3;
    INVALID(classify(own, &options, some));
    each[0] = -1, options.exit_threshold_count = 2;
    INVALID(classify(own, &options, some));
    options.exit_thresholds = NULL;
    INVALID(classify(own, &options, some));
    options.exit_threshold_count = 0, options.exit_patience = 1;
    OK(classify(own, &options, some));
    for (int i = 0; i < COUNT; i++) EXPECT(layers[i] == 2 || layers[i] == 3);
    options.exit_rule = LIMBECK_EXIT_ENTROPY;
    INVALID(classify(own, &options, some));
    options.exit_rule = 9;
    INVALID(classify(own, &options, some));
    options.exit_rule = 0, options.layer_capacity = COUNT - 1;
    STATUS(LIMBECK_CAPACITY, classify(own, &options, some));
    options.layers = NULL;
    INVALID(classify(own, &options, some));

    /* Ids: the same rules, and logits; the count too if there is no room. */
    const int32_t ids[] = {101, 180, 187, 101, 104};
    const size_t lengths[] = {3, 2};
    size_t count = 0;
    limbeck_classify_options exits = {.struct_size = sizeof exits, .exit_thresholds = &one, .exit_threshold_count = 1};
    STATUS(LIMBECK_CAPACITY, limbeck_exits(own, ids, NULL, lengths, 2, &exits, some, 5, &count));
    EXPECT(count == 2 * LABELS);
    exits.layers = layers, exits.layer_capacity = COUNT;
    OK(limbeck_exits(own, ids, NULL, lengths, 2, &exits, some, COUNT * LABELS, &count));
    EXPECT(layers[0] == 1 && layers[1] == 1);
    float branches[2 * EXITS * LABELS];
    OK(limbeck_forward(own, ids, NULL, lengths, 2, LIMBECK_OUTPUT_BRANCHES, -1, branches, 2 * EXITS * LABELS, &count));
    EXPECT(count == 2 * EXITS * LABELS);
    EXPECT(memcmp(some, branches, LABELS * sizeof *some) == 0);
    EXPECT(memcmp(some + LABELS, branches + EXITS * LABELS, LABELS * sizeof *some) == 0);
    limbeck_session_free(own);
    limbeck_model_close(model);

    /* The default of a pack: for calls that do not say. */
    char path[4096], pack[4096], message[256];
    snprintf(path, sizeof path, "%s/exits", folder);
    snprintf(pack, sizeof pack, "%s/exits.limbeck", folder);
    limbeck_pack_options precision = {.struct_size = sizeof precision, .precision = LIMBECK_PRECISION_F32};
    OK(limbeck_pack(path, strlen(path), pack, strlen(pack), &precision, message, sizeof message));
    OK(limbeck_set_exit_default(pack, strlen(pack), 0.5f, 0, message, sizeof message));
    OK(limbeck_verify(pack, strlen(pack), message, sizeof message));
    own = session("exits.limbeck", &few, &model);
    OK(limbeck_model_info(model, &info));
    EXPECT(info.exit_threshold == 0.5f && info.exit_patience == 0);
    float again[COUNT * LABELS];
    limbeck_classify_options plain = {.struct_size = sizeof plain, .layers = layers, .layer_capacity = COUNT};
    OK(classify(own, &plain, some));
    for (int i = 0; i < COUNT; i++) EXPECT(layers[i] < 3 || memcmp(some + i * LABELS, last + i * LABELS, LABELS * 4) == 0);
    plain.exit_thresholds = &half, plain.exit_threshold_count = 1;
    OK(classify(own, &plain, again));
    EXPECT(memcmp(some, again, sizeof some) == 0 && memcmp(some, last, sizeof some) != 0);
    plain.exit_rule = LIMBECK_EXIT_NEVER;
    INVALID(classify(own, &plain, again));
    plain.exit_threshold_count = 0;
    OK(classify(own, &plain, again));
    EXPECT(memcmp(again, last, sizeof last) == 0);
    OK(limbeck_set_exit_default(pack, strlen(pack), 0, 2, message, sizeof message)); /* replaced while a session has it open */
    OK(classify(own, NULL, again));
    EXPECT(memcmp(some, again, sizeof some) == 0);
    INVALID(limbeck_set_exit_default(pack, strlen(pack), 1.5f, 0, message, sizeof message));
    EXPECT(strstr(message, "0 to 1"));
    STATUS(LIMBECK_FILE_UNSUPPORTED, limbeck_set_exit_default(path, strlen(path), 0.5f, 0, message, sizeof message));
    limbeck_session_free(own);
    limbeck_model_close(model);

    /* A model without. */
    own = session("classify", &few, NULL);
    STATUS(LIMBECK_UNSUPPORTED, classify(own, &exits, some));
    STATUS(LIMBECK_UNSUPPORTED, limbeck_forward(own, ids, NULL, lengths, 0, LIMBECK_OUTPUT_BRANCHES, -1, branches, 1, &count));
    limbeck_session_free(own);
    return finish();
}
