/* Wrong arguments: every pointer that may not be NULL, sizes, options and capacities. Nothing may crash or be written. */
#include "abi.h"

static const char *one[] = {"hello world"};
static const size_t one_bytes[] = {11};
static float floats[4096];

static void opening(void) {
    limbeck_model *model = (limbeck_model *)floats;
    limbeck_tokenizer *tokenizer = (limbeck_tokenizer *)floats;
    char message[256];
    INVALID(limbeck_model_open("x", 1, NULL, message, sizeof message));
    EXPECT(message[0] != 0);
    INVALID(limbeck_model_open(NULL, 1, &model, message, sizeof message));
    EXPECT(model == NULL);
    INVALID(limbeck_model_open("x", 1, &model, NULL, 1));
    INVALID(limbeck_model_open("x", SIZE_MAX, &model, message, sizeof message));
    INVALID(limbeck_model_open("x", 1, &model, message, SIZE_MAX));
    INVALID(limbeck_model_open("/tmp\0/x", 7, &model, message, sizeof message));
    STATUS(LIMBECK_FILE_NOT_FOUND, limbeck_model_open("/there is/nothing here", 22, &model, message, sizeof message));
    EXPECT(strstr(message, "nothing here") != NULL);
    STATUS(LIMBECK_FILE_NOT_FOUND, limbeck_model_open("/there is/nothing here", 22, &model, NULL, 0));
    EXPECT(model == NULL);
    STATUS(LIMBECK_FILE_NOT_FOUND, limbeck_tokenizer_open("/there is/nothing here", 22, &tokenizer, message, sizeof message));
    EXPECT(tokenizer == NULL);
    INVALID(limbeck_tokenizer_open("x", 1, NULL, NULL, 0));
    EXPECT(limbeck_model_open("", 0, &model, message, sizeof message) != LIMBECK_OK);
    EXPECT(limbeck_model_open(NULL, 0, &model, message, sizeof message) != LIMBECK_OK);
    limbeck_model_close(NULL);
    limbeck_tokenizer_close(NULL);
    limbeck_session_free(NULL);
}

/* Messages are cut at a character, and always end. */
static void messages(void) {
    const char *path = "/ä/ö/ü/€/𝄞/そ";
    limbeck_model *model;
    char whole[256], cut[256];
    STATUS(LIMBECK_FILE_NOT_FOUND, limbeck_model_open(path, strlen(path), &model, whole, sizeof whole));
    for (size_t capacity = 1; capacity <= strlen(whole) + 2; capacity++) {
        memset(cut, 'x', sizeof cut);
        STATUS(LIMBECK_FILE_NOT_FOUND, limbeck_model_open(path, strlen(path), &model, cut, capacity));
        size_t bytes = strlen(cut);
        EXPECT(bytes < capacity && bytes + 4 >= (capacity <= strlen(whole) ? capacity : strlen(whole)));
        EXPECT(memcmp(cut, whole, bytes) == 0);
        EXPECT((whole[bytes] & 0xC0) != 0x80); /* what was cut off begins with a character */
        EXPECT(cut[capacity] == 'x');
    }
}

static void structs(limbeck_model *model, limbeck_session *session) {
    limbeck_embed_options embed = {0};
    const uint32_t sizes[] = {0, 1, 4, 19, 1u << 20, UINT32_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        embed.struct_size = sizes[i];
        INVALID(limbeck_embed(session, one, one_bytes, 1, &embed, floats, 4096));
        limbeck_model_info_t info;
        info.struct_size = sizes[i];
        INVALID(limbeck_model_info(model, &info));
        limbeck_session_info_t facts;
        facts.struct_size = sizes[i];
        INVALID(limbeck_session_info(session, &facts));
        limbeck_session_options options = {0};
        options.struct_size = sizes[i] < offsetof(limbeck_session_options, interrupt) ? sizes[i] : UINT32_MAX;
        limbeck_session *other = session;
        INVALID(limbeck_session_new(model, &options, &other));
        EXPECT(other == NULL);
    }

    /* A later version's caller: what this library does not know is left alone on the way in, and zero on the way out. */
    struct {
        limbeck_embed_options known;
        uint32_t later[3];
    } long_options = {{0}, {7, 7, 7}};
    long_options.known.struct_size = sizeof long_options;
    OK(limbeck_embed(session, one, one_bytes, 1, &long_options.known, floats, 4096));
    struct {
        limbeck_model_info_t known;
        uint32_t later[2];
        uint32_t beyond;
    } long_info;
    memset(&long_info, 0xFF, sizeof long_info);
    long_info.known.struct_size = offsetof(__typeof__(long_info), beyond);
    OK(limbeck_model_info(model, &long_info.known));
    EXPECT(long_info.known.struct_size == offsetof(__typeof__(long_info), beyond));
    EXPECT(long_info.known.hidden_size == 24 && long_info.later[0] == 0 && long_info.later[1] == 0);
    EXPECT(long_info.beyond == UINT32_MAX);

    INVALID(limbeck_model_info(NULL, &long_info.known));
    INVALID(limbeck_model_info(model, NULL));
    INVALID(limbeck_session_info(session, NULL));
    INVALID(limbeck_session_new(NULL, NULL, &session));
    INVALID(limbeck_session_new(model, NULL, NULL));
}

static void options(limbeck_session *embed) {
    limbeck_embed_options wrong[] = {
        {.struct_size = sizeof *wrong, .pooling = 99},
        {.struct_size = sizeof *wrong, .normalize = 3},
        {.struct_size = sizeof *wrong, .dimensions = 25},
        {.struct_size = sizeof *wrong, .prompt_bytes = 3},
        {.struct_size = sizeof *wrong, .prompt = "a", .prompt_bytes = SIZE_MAX},
        {.struct_size = sizeof *wrong, .prompt_name_bytes = 1},
        {.struct_size = sizeof *wrong, .prompt = "a", .prompt_bytes = 1, .prompt_name = "query", .prompt_name_bytes = 5},
        {.struct_size = sizeof *wrong, .prompt_name = "nobody", .prompt_name_bytes = 6}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        INVALID(limbeck_embed(embed, one, one_bytes, 1, &wrong[i], floats, 4096));
    limbeck_embed_options short_vector = {.struct_size = sizeof short_vector, .dimensions = 8};
    OK(limbeck_embed(embed, one, one_bytes, 1, &short_vector, floats, 8));
    static char long_prompt[16385];
    memset(long_prompt, 'a', sizeof long_prompt);
    limbeck_embed_options prompted = {.struct_size = sizeof prompted, .prompt = long_prompt, .prompt_bytes = sizeof long_prompt};
    STATUS(LIMBECK_TOO_LONG, limbeck_embed(embed, one, one_bytes, 1, &prompted, floats, 4096));
    prompted.prompt_bytes--;
    OK(limbeck_embed(embed, one, one_bytes, 1, &prompted, floats, 4096));
    /* A caller of the first version, whose struct ended before. */
    prompted.struct_size = 20;
    prompted.prompt_bytes = SIZE_MAX;
    OK(limbeck_embed(embed, one, one_bytes, 1, &prompted, floats, 4096));

    limbeck_model *model;
    limbeck_span spans[64];
    size_t count;
    limbeck_session *tag = session("tag", NULL, NULL), *classify = session("classify", NULL, &model);
    limbeck_tag_options tags = {sizeof tags, 6, 0, 0};
    INVALID(limbeck_tag(tag, "x", 1, &tags, spans, 64, &count));
    tags = (limbeck_tag_options){sizeof tags, 0, 2, 0};
    INVALID(limbeck_tag(tag, "x", 1, &tags, spans, 64, &count));
    limbeck_session_free(tag);

    const float bad[] = {-1.0f, -1.0f / 0.0f, 1.0f / 0.0f, 0.0f / 0.0f};
    for (size_t i = 0; i < 4; i++) {
        limbeck_classify_options scores = {.struct_size = sizeof scores, .temperature = bad[i]};
        INVALID(limbeck_classify(classify, one, one_bytes, NULL, NULL, 1, &scores, floats, 4096));
    }
    limbeck_classify_options scores = {.struct_size = sizeof scores, .scores = 4};
    INVALID(limbeck_classify(classify, one, one_bytes, NULL, NULL, 1, &scores, floats, 4096));
    scores = (limbeck_classify_options){.struct_size = sizeof scores, .prompt_bytes = 1};
    INVALID(limbeck_classify(classify, one, one_bytes, NULL, NULL, 1, &scores, floats, 4096));
    INVALID(limbeck_rerank(classify, "x", 1, one, one_bytes, 1, &scores, floats, 4096));
    limbeck_session_free(classify);

    limbeck_session_options odd = {.struct_size = sizeof odd, .threads = 1, .kernels = 9};
    INVALID(limbeck_session_new(model, &odd, &classify));
#if defined(__x86_64__)
    const uint32_t foreign[] = {LIMBECK_KERNELS_NEON, LIMBECK_KERNELS_NEON_DOT};
#else
    const uint32_t foreign[] = {LIMBECK_KERNELS_AVX2, LIMBECK_KERNELS_AMX};
#endif
    for (size_t i = 0; i < 2; i++) {
        odd.kernels = foreign[i];
        STATUS(LIMBECK_KERNELS_UNAVAILABLE, limbeck_session_new(model, &odd, &classify));
    }

    /* The layers to run: a model of one has no other depth than 1. */
    const struct {
        double depth;
        uint64_t layers;
    } cuts[] = {{-0.5, 0}, {1.5, 0}, {0.0 / 0.0, 0}, {0.4, 0}, {0, 2}, {0, UINT64_MAX}, {1, 1}};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        char message[128];
        limbeck_session_options cut = {.struct_size = sizeof cut,
                                       .threads = 1,
                                       .message = message,
                                       .message_capacity = sizeof message,
                                       .depth = cuts[i].depth,
                                       .layers = cuts[i].layers};
        INVALID(limbeck_session_new(model, &cut, &classify));
        EXPECT(strstr(message, cuts[i].depth == 0 ? "layers" : "depth"));
    }
    const double widths[] = {-0.5, 1.5, 0.0 / 0.0, 1e-9};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        char message[128];
        limbeck_session_options narrow = {
            .struct_size = sizeof narrow, .message = message, .message_capacity = sizeof message, .width = widths[i]};
        INVALID(limbeck_session_new(model, &narrow, &classify));
        EXPECT(strstr(message, "width"));
    }
    limbeck_session_options cut = {.struct_size = sizeof cut, .threads = 1, .layers = 1};
    OK(limbeck_session_new(model, &cut, &classify));
    limbeck_session_info_t facts = {.struct_size = sizeof facts};
    OK(limbeck_session_info(classify, &facts));
    EXPECT(facts.layers == 1);
    limbeck_session_free(classify);
    limbeck_model_close(model);
}

/* NULL and absurd sizes in every place of every call. */
static void pointers(limbeck_session *session, limbeck_model *model, limbeck_tokenizer *tokenizer) {
    const char *gone[] = {NULL};
    const size_t none[] = {0}, huge[] = {(size_t)5 << 30}, negative[] = {SIZE_MAX};
    size_t count = 7;
    int32_t id, ids[8];
    char name[64];
    limbeck_span span[1];
    limbeck_answer answer[1];
    limbeck_candidate candidate[1];

    INVALID(limbeck_embed(NULL, one, one_bytes, 1, NULL, floats, 4096));
    INVALID(limbeck_embed(session, NULL, one_bytes, 1, NULL, floats, 4096));
    INVALID(limbeck_embed(session, one, NULL, 1, NULL, floats, 4096));
    INVALID(limbeck_embed(session, one, one_bytes, 1, NULL, NULL, 4096));
    INVALID(limbeck_embed(session, gone, one_bytes, 1, NULL, floats, 4096));
    INVALID(limbeck_embed(session, one, huge, 1, NULL, floats, 4096));
    INVALID(limbeck_embed(session, one, negative, 1, NULL, floats, 4096));
    INVALID(limbeck_embed(session, one, one_bytes, SIZE_MAX, NULL, floats, 4096));
    INVALID(limbeck_embed(session, one, one_bytes, 1, NULL, floats, SIZE_MAX));
    STATUS(LIMBECK_CAPACITY, limbeck_embed(session, one, one_bytes, 1, NULL, floats, 23));
    STATUS(LIMBECK_CAPACITY, limbeck_embed(session, one, one_bytes, 1, NULL, NULL, 0));
    OK(limbeck_embed(session, NULL, NULL, 0, NULL, NULL, 0));
    OK(limbeck_embed(session, gone, none, 1, NULL, floats, 24));
    INVALID(limbeck_classify(NULL, one, one_bytes, NULL, NULL, 1, NULL, floats, 4096));
    INVALID(limbeck_classify(session, one, one_bytes, one, NULL, 1, NULL, floats, 4096));
    INVALID(limbeck_rerank(NULL, "x", 1, one, one_bytes, 1, NULL, floats, 4096));
    INVALID(limbeck_rerank(session, NULL, 1, one, one_bytes, 1, NULL, floats, 4096));
    INVALID(limbeck_tag(NULL, "x", 1, NULL, span, 1, &count));
    INVALID(limbeck_tag(session, "x", 1, NULL, span, 1, NULL));
    INVALID(limbeck_answer_question(session, NULL, 1, "x", 1, NULL, answer, 1, &count));
    INVALID(limbeck_answer_question(session, "x", 1, "x", 1, NULL, answer, 1, NULL));
    INVALID(limbeck_fill(session, NULL, 1, NULL, candidate, 1, &count));
    INVALID(limbeck_fill(session, "x", 1, NULL, NULL, 1, &count));

    /* A model that only embeds says so. */
    STATUS(LIMBECK_UNSUPPORTED, limbeck_classify(session, one, one_bytes, NULL, NULL, 1, NULL, floats, 4096));
    STATUS(LIMBECK_UNSUPPORTED, limbeck_rerank(session, "x", 1, one, one_bytes, 1, NULL, floats, 4096));
    STATUS(LIMBECK_UNSUPPORTED, limbeck_tag(session, "x", 1, NULL, span, 1, &count));
    STATUS(LIMBECK_UNSUPPORTED, limbeck_answer_question(session, "x", 1, "x", 1, NULL, answer, 1, &count));
    STATUS(LIMBECK_UNSUPPORTED, limbeck_fill(session, "[MASK]", 6, NULL, candidate, 1, &count));

    INVALID(limbeck_tokenize(NULL, "x", 1, NULL, 0, NULL, ids, NULL, NULL, NULL, 8, &count));
    INVALID(limbeck_tokenize(tokenizer, NULL, 1, NULL, 0, NULL, ids, NULL, NULL, NULL, 8, &count));
    INVALID(limbeck_tokenize(tokenizer, "x", 1, NULL, 1, NULL, ids, NULL, NULL, NULL, 8, &count));
    INVALID(limbeck_tokenize(tokenizer, "x", 1, NULL, 0, NULL, ids, NULL, NULL, NULL, 8, NULL));
    STATUS(LIMBECK_CAPACITY, limbeck_tokenize(tokenizer, "hello", 5, NULL, 0, NULL, NULL, NULL, NULL, NULL, 0, &count));
    EXPECT(count == 3);
    STATUS(LIMBECK_CAPACITY, limbeck_tokenize(tokenizer, "hello", 5, NULL, 0, NULL, ids, NULL, NULL, NULL, 2, &count));
    EXPECT(count == 3);
    OK(limbeck_tokenize(tokenizer, "hello", 5, NULL, 0, NULL, NULL, NULL, NULL, NULL, 3, &count));
    EXPECT(limbeck_tokenizer_vocab_size(NULL) == 0 && limbeck_tokenizer_vocab_size(tokenizer) == 80);
    STATUS(LIMBECK_ID_OUT_OF_RANGE, limbeck_tokenizer_token(tokenizer, 80, name, sizeof name, &count));
    STATUS(LIMBECK_ID_OUT_OF_RANGE, limbeck_tokenizer_token(tokenizer, -1, name, sizeof name, &count));
    STATUS(LIMBECK_CAPACITY, limbeck_tokenizer_token(tokenizer, 2, name, 4, &count));
    EXPECT(count == 5);
    OK(limbeck_tokenizer_token(tokenizer, 2, name, 5, &count));
    EXPECT(memcmp(name, "[CLS]", 5) == 0);
    INVALID(limbeck_tokenizer_token(tokenizer, 2, name, 5, NULL));
    OK(limbeck_tokenizer_id(tokenizer, "[SEP]", 5, &id));
    EXPECT(id == 3);
    STATUS(LIMBECK_ID_OUT_OF_RANGE, limbeck_tokenizer_id(tokenizer, "zebra", 5, &id));
    STATUS(LIMBECK_ID_OUT_OF_RANGE, limbeck_tokenizer_id(tokenizer, NULL, 0, &id));
    INVALID(limbeck_tokenizer_id(tokenizer, "x", 1, NULL));

    STATUS(LIMBECK_ID_OUT_OF_RANGE, limbeck_model_label(model, 0, name, sizeof name, &count));
    INVALID(limbeck_model_label(NULL, 0, name, sizeof name, &count));
    INVALID(limbeck_model_entity(model, 0, name, sizeof name, NULL));
    INVALID(limbeck_model_tokenizer(model, NULL));
    INVALID(limbeck_model_tokenizer(NULL, &tokenizer));
}

/* The prompts of a model, by name and text, and a text after one of them. */
static void prompts(void) {
    limbeck_model *model;
    limbeck_session *session_of = session("prompts-left-out", NULL, &model);
    limbeck_model_info_t info = {.struct_size = sizeof info};
    char name[32], text[32];
    size_t name_count, text_count;
    OK(limbeck_model_info(model, &info));
    EXPECT(info.prompt_count == 4 && info.default_prompt == 3);
    OK(limbeck_model_prompt(model, 3, NULL, 0, &name_count, NULL, 0, &text_count));
    EXPECT(name_count == 7 && text_count == 9);
    OK(limbeck_model_prompt(model, 3, name, 7, &name_count, text, 9, &text_count));
    EXPECT(memcmp(name, "passage", 7) == 0 && memcmp(text, "passage: ", 9) == 0);
    STATUS(LIMBECK_CAPACITY, limbeck_model_prompt(model, 3, name, 6, &name_count, text, 9, &text_count));
    STATUS(LIMBECK_CAPACITY, limbeck_model_prompt(model, 3, NULL, 0, &name_count, text, 8, &text_count));
    EXPECT(name_count == 7 && text_count == 9);
    STATUS(LIMBECK_ID_OUT_OF_RANGE, limbeck_model_prompt(model, 4, name, 32, &name_count, text, 32, &text_count));
    STATUS(LIMBECK_ID_OUT_OF_RANGE, limbeck_model_prompt(model, UINT32_MAX, name, 32, &name_count, text, 32, &text_count));
    INVALID(limbeck_model_prompt(NULL, 0, name, 32, &name_count, text, 32, &text_count));
    INVALID(limbeck_model_prompt(model, 0, name, 32, NULL, text, 32, &text_count));
    INVALID(limbeck_model_prompt(model, 0, name, 32, &name_count, text, 32, NULL));
    INVALID(limbeck_model_prompt(model, 3, NULL, 32, &name_count, text, 32, &text_count));

    float by_name[8], by_text[8], by_default[8];
    limbeck_embed_options options = {.struct_size = sizeof options, .prompt_name = "passage", .prompt_name_bytes = 7};
    OK(limbeck_embed(session_of, one, one_bytes, 1, &options, by_name, 8));
    options = (limbeck_embed_options){.struct_size = sizeof options, .prompt = "passage: ", .prompt_bytes = 9};
    OK(limbeck_embed(session_of, one, one_bytes, 1, &options, by_text, 8));
    OK(limbeck_embed(session_of, one, one_bytes, 1, NULL, by_default, 8));
    EXPECT(memcmp(by_name, by_text, sizeof by_name) == 0 && memcmp(by_name, by_default, sizeof by_name) == 0);
    options.prompt = "";
    options.prompt_bytes = 0;
    OK(limbeck_embed(session_of, one, one_bytes, 1, &options, by_text, 8));
    EXPECT(memcmp(by_name, by_text, sizeof by_name) != 0);
    limbeck_session_free(session_of);
    limbeck_model_close(model);

    session_of = session("poolings", NULL, NULL);
    options = (limbeck_embed_options){.struct_size = sizeof options, .pooling = LIMBECK_POOLING_MEAN};
    STATUS(LIMBECK_UNSUPPORTED, limbeck_embed(session_of, one, one_bytes, 1, &options, floats, 4096));
    STATUS(LIMBECK_CAPACITY, limbeck_embed(session_of, one, one_bytes, 1, NULL, floats, 47));
    OK(limbeck_embed(session_of, one, one_bytes, 1, NULL, floats, 48));
    limbeck_session_free(session_of);
}

static void ids(limbeck_session *session) {
    const int32_t tokens[] = {2, 5, 6, 3}, types[] = {0, 0, 0, 2}, outside[] = {2, 80, -1, 3};
    const size_t lengths[] = {4}, both[] = {0, 4}, overflow[] = {SIZE_MAX / 2, SIZE_MAX / 2}, too_long[] = {25};
    static const int32_t zeros[32];
    size_t count = 0;
    STATUS(LIMBECK_CAPACITY, limbeck_forward(session, tokens, NULL, lengths, 1, LIMBECK_OUTPUT_HIDDEN, -1, NULL, 0, &count));
    EXPECT(count == 4 * 24);
    OK(limbeck_forward(session, tokens, NULL, lengths, 1, LIMBECK_OUTPUT_HIDDEN, -1, floats, count, &count));
    OK(limbeck_forward(session, tokens, NULL, lengths, 1, LIMBECK_OUTPUT_POOLED, -1, floats, 24, &count));
    const uint32_t hidden = LIMBECK_OUTPUT_HIDDEN, logits = LIMBECK_OUTPUT_LOGITS;
    INVALID(limbeck_forward(NULL, tokens, NULL, lengths, 1, LIMBECK_OUTPUT_HIDDEN, -1, floats, 4096, &count));
    INVALID(limbeck_forward(session, NULL, NULL, lengths, 1, LIMBECK_OUTPUT_HIDDEN, -1, floats, 4096, &count));
    INVALID(limbeck_forward(session, tokens, NULL, NULL, 1, LIMBECK_OUTPUT_HIDDEN, -1, floats, 4096, &count));
    INVALID(limbeck_forward(session, tokens, NULL, lengths, 1, LIMBECK_OUTPUT_HIDDEN, -1, floats, 4096, NULL));
    INVALID(limbeck_forward(session, tokens, NULL, lengths, 1, 0, -1, floats, 4096, &count));
    INVALID(limbeck_forward(session, tokens, NULL, lengths, 1, 9, -1, floats, 4096, &count));
    INVALID(limbeck_forward(session, tokens, NULL, overflow, 2, LIMBECK_OUTPUT_HIDDEN, -1, floats, 4096, &count));
    EXPECT(limbeck_forward(session, tokens, NULL, both, 2, LIMBECK_OUTPUT_POOLED, -1, floats, 4096, &count) != LIMBECK_OK);
    OK(limbeck_forward(session, NULL, NULL, NULL, 0, LIMBECK_OUTPUT_HIDDEN, -1, NULL, 0, &count));
    EXPECT(count == 0);
    STATUS(LIMBECK_UNSUPPORTED, limbeck_forward(session, tokens, NULL, lengths, 1, logits, -1, floats, 4096, &count));
    STATUS(LIMBECK_ID_OUT_OF_RANGE, limbeck_forward(session, outside, NULL, lengths, 1, hidden, -1, floats, 4096, &count));
    STATUS(LIMBECK_ID_OUT_OF_RANGE, limbeck_forward(session, tokens, types, lengths, 1, hidden, -1, floats, 4096, &count));
    STATUS(LIMBECK_ID_OUT_OF_RANGE, limbeck_forward(session, tokens, NULL, lengths, 1, hidden, 3, floats, 4096, &count));
    STATUS(LIMBECK_ID_OUT_OF_RANGE, limbeck_forward(session, tokens, NULL, lengths, 1, hidden, -2, floats, 4096, &count));
    STATUS(LIMBECK_TOO_LONG, limbeck_forward(session, zeros, NULL, too_long, 1, hidden, -1, floats, 4096, &count));
}

int main(int argc, char **argv) {
    start(argc, argv);
    EXPECT(limbeck_version() == (LIMBECK_VERSION_MAJOR << 16 | LIMBECK_VERSION_MINOR << 8 | LIMBECK_VERSION_PATCH));
    for (int32_t status = -2; status < 60; status++) EXPECT(limbeck_status_string(status)[0] != 0);
    opening();
    messages();
    limbeck_model *model;
    limbeck_session *embed = session("embed", NULL, &model);
    limbeck_tokenizer *tokenizer;
    OK(limbeck_model_tokenizer(model, &tokenizer));
    structs(model, embed);
    options(embed);
    pointers(embed, model, tokenizer);
    ids(embed);
    prompts();
    limbeck_session_free(embed);
    limbeck_model_close(model);
    limbeck_tokenizer_close(tokenizer);
    return finish();
}
