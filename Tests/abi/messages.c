/* Every call of a session that fails says why: which argument, what was found, what the limit is. One that succeeds says nothing. */
#include "abi.h"

static char message[256];
static const char *one[] = {"hello world"}, *gone[] = {"x", NULL};
static const size_t one_bytes[] = {11}, two_bytes[] = {1, 5}, huge[] = {(size_t)5 << 30};
static float floats[4096];

/* A call must fail like this, and say these words. */
#define SAYS(expected, words, call)                                                                                    \
    do {                                                                                                               \
        memset(message, 'x', sizeof message);                                                                          \
        STATUS(expected, call);                                                                                        \
        checks++;                                                                                                      \
        if (!memchr(message, 0, sizeof message) || !strstr(message, words)) {                                          \
            failures++;                                                                                                \
            fprintf(stderr, "%s:%d: %s said \"%.200s\", without \"%s\"\n", __FILE__, __LINE__, #call, message, words); \
        }                                                                                                              \
    } while (0)

#define WRONG(words, call) SAYS(LIMBECK_INVALID_ARGUMENT, words, call)

static limbeck_session *explaining(const char *name, uint32_t max_tokens) {
    limbeck_session_options options = {.struct_size = sizeof options, .threads = 1, .max_tokens = max_tokens};
    options.message = message;
    options.message_capacity = sizeof message;
    return session(name, &options, NULL);
}

static void making(void) {
    limbeck_model *model;
    limbeck_session *made = NULL;
    limbeck_session_free(session("embed", NULL, &model));
    limbeck_session_options options = {.struct_size = sizeof options, .message = message, .message_capacity = sizeof message};
    WRONG("handle", limbeck_session_new(NULL, &options, &made));
    WRONG("session", limbeck_session_new(model, &options, NULL));
    options.threads = 257;
    WRONG("threads is 257, and must be 0 to 256", limbeck_session_new(model, &options, &made));
    options.threads = 1;
    options.max_tokens = 1048577;
    WRONG("max_tokens is 1048577, and must be 0 to 1048576", limbeck_session_new(model, &options, &made));
    options.max_tokens = 0;
    options.kernels = 99;
    WRONG("kernels is 99", limbeck_session_new(model, &options, &made));
#if defined(__x86_64__)
    options.kernels = LIMBECK_KERNELS_NEON;
#else
    options.kernels = LIMBECK_KERNELS_AVX2;
#endif
    SAYS(LIMBECK_KERNELS_UNAVAILABLE, "kernels is", limbeck_session_new(model, &options, &made));
    EXPECT(made == NULL);

    /* The buffer itself: NULL with a capacity, no capacity, room for a NUL alone. */
    options.kernels = 0;
    options.message = NULL;
    INVALID(limbeck_session_new(model, &options, &made));
    options.message = message;
    options.message_capacity = SIZE_MAX;
    INVALID(limbeck_session_new(model, &options, &made));
    options.message_capacity = 0;
    OK(limbeck_session_new(model, &options, &made));
    strcpy(message, "untouched");
    INVALID(limbeck_embed(made, NULL, one_bytes, 1, NULL, floats, 4096));
    EXPECT(strcmp(message, "untouched") == 0);
    limbeck_session_free(made);
    for (size_t capacity = 1; capacity < 40; capacity++) {
        options.message_capacity = capacity;
        OK(limbeck_session_new(model, &options, &made));
        memset(message, 'x', sizeof message);
        INVALID(limbeck_embed(made, NULL, one_bytes, 1, NULL, floats, 4096));
        EXPECT(memchr(message, 0, capacity) != NULL && message[capacity] == 'x');
        limbeck_session_free(made);
    }

    /* The options of an earlier caller, whose struct ended before the message. */
    memset(&options, 0xFF, sizeof options);
    options.struct_size = 16;
    options.threads = 300;
    INVALID(limbeck_session_new(model, &options, &made));
    limbeck_model_close(model);
}

static void texts(limbeck_session *embed) {
    limbeck_embed_options options = {.struct_size = sizeof options};
    WRONG("texts is NULL", limbeck_embed(embed, NULL, one_bytes, 1, NULL, floats, 4096));
    WRONG("text_bytes is NULL", limbeck_embed(embed, one, NULL, 1, NULL, floats, 4096));
    WRONG("texts[1] is NULL, and has 5 bytes", limbeck_embed(embed, gone, two_bytes, 2, NULL, floats, 4096));
    WRONG("texts[0] has 5368709120 bytes", limbeck_embed(embed, one, huge, 1, NULL, floats, 4096));
    WRONG("texts is to have 18446744073709551615 elements", limbeck_embed(embed, one, one_bytes, SIZE_MAX, NULL, floats, 4096));
    WRONG("vectors is NULL", limbeck_embed(embed, one, one_bytes, 1, NULL, NULL, 4096));
    SAYS(LIMBECK_CAPACITY, "1 rows of 24 numbers are needed, and there is room for 7",
         limbeck_embed(embed, one, one_bytes, 1, NULL, floats, 7));
    options.pooling = 99;
    WRONG("pooling is 99", limbeck_embed(embed, one, one_bytes, 1, &options, floats, 4096));
    options = (limbeck_embed_options){.struct_size = sizeof options, .normalize = 3};
    WRONG("normalize is 3, and must be 0 to 2", limbeck_embed(embed, one, one_bytes, 1, &options, floats, 4096));
    options = (limbeck_embed_options){.struct_size = sizeof options, .dimensions = 25};
    WRONG("dimensions is 25, and must be 0 to 24", limbeck_embed(embed, one, one_bytes, 1, &options, floats, 4096));
    options.struct_size = 3;
    WRONG("struct_size is 3, and must be 20 to", limbeck_embed(embed, one, one_bytes, 1, &options, floats, 4096));
    /* One that succeeds leaves it empty. */
    OK(limbeck_embed(embed, one, one_bytes, 1, NULL, floats, 4096));
    EXPECT(message[0] == 0);
    WRONG("info is NULL", limbeck_session_info(embed, NULL));
}

static void questions(limbeck_session *embed) {
    size_t count;
    limbeck_span span[8];
    limbeck_answer answer[8];
    limbeck_candidate candidate[8];
    const char *can = "; it can: embed";
    SAYS(LIMBECK_UNSUPPORTED, "the model does not tag tokens", limbeck_tag(embed, "x", 1, NULL, span, 8, &count));
    EXPECT(strstr(message, can) != NULL);
    SAYS(LIMBECK_UNSUPPORTED, can, limbeck_classify(embed, one, one_bytes, NULL, NULL, 1, NULL, floats, 4096));
    SAYS(LIMBECK_UNSUPPORTED, can, limbeck_rerank(embed, "x", 1, one, one_bytes, 1, NULL, floats, 4096));
    SAYS(LIMBECK_UNSUPPORTED, can, limbeck_answer_question(embed, "x", 1, "x", 1, NULL, answer, 8, &count));
    SAYS(LIMBECK_UNSUPPORTED, can, limbeck_fill(embed, "x", 1, NULL, candidate, 8, &count));

    limbeck_session *bare = explaining("bare", 0);
    SAYS(LIMBECK_NO_TOKENIZER, "no tokenizer", limbeck_embed(bare, one, one_bytes, 1, NULL, floats, 4096));
    limbeck_session_free(bare);

    limbeck_session *classify = explaining("classify", 0);
    limbeck_classify_options scores = {.struct_size = sizeof scores, .temperature = -1};
    SAYS(LIMBECK_UNSUPPORTED, "3 labels, expected a cross-encoder's 1 or 2; it can: embed, classify",
         limbeck_rerank(classify, "x", 1, one, one_bytes, 1, NULL, floats, 4096));
    WRONG("temperature", limbeck_classify(classify, one, one_bytes, NULL, NULL, 1, &scores, floats, 4096));
    scores = (limbeck_classify_options){.struct_size = sizeof scores, .scores = 4};
    WRONG("scores is 4", limbeck_classify(classify, one, one_bytes, NULL, NULL, 1, &scores, floats, 4096));
    WRONG("pair_bytes is NULL", limbeck_classify(classify, one, one_bytes, one, NULL, 1, NULL, floats, 4096));
    WRONG("pairs[0] has", limbeck_classify(classify, one, one_bytes, one, huge, 1, NULL, floats, 4096));
    WRONG("scores is NULL", limbeck_classify(classify, one, one_bytes, NULL, NULL, 1, NULL, NULL, 4096));
    WRONG("query is NULL", limbeck_rerank(classify, NULL, 3, one, one_bytes, 1, NULL, floats, 4096));
    WRONG("documents is NULL", limbeck_rerank(classify, "x", 1, NULL, one_bytes, 1, NULL, floats, 4096));
    limbeck_session_free(classify);

    limbeck_session *tag = explaining("tag", 0);
    limbeck_tag_options tags = {.struct_size = sizeof tags, .aggregation = 6};
    WRONG("aggregation is 6", limbeck_tag(tag, "x", 1, &tags, span, 8, &count));
    tags = (limbeck_tag_options){.struct_size = sizeof tags, .keep_outside = 2};
    WRONG("keep_outside is 2, and must be 0 to 1", limbeck_tag(tag, "x", 1, &tags, span, 8, &count));
    WRONG("text is NULL, and has 1 bytes", limbeck_tag(tag, NULL, 1, NULL, span, 8, &count));
    WRONG("spans is NULL", limbeck_tag(tag, "x", 1, NULL, NULL, 8, &count));
    WRONG("count is NULL", limbeck_tag(tag, "x", 1, NULL, span, 8, NULL));
    limbeck_session_free(tag);

    limbeck_session *asked = explaining("answer", 0);
    limbeck_answer_options answers = {.struct_size = sizeof answers, .top_k = 1001};
    WRONG("top_k is 1001, and must be 1 to 1000", limbeck_answer_question(asked, "x", 1, "x", 1, &answers, answer, 8, &count));
    answers = (limbeck_answer_options){.struct_size = sizeof answers, .allow_none = 2};
    WRONG("allow_none is 2", limbeck_answer_question(asked, "x", 1, "x", 1, &answers, answer, 8, &count));
    answers = (limbeck_answer_options){.struct_size = sizeof answers, .max_length = 10, .stride = 11};
    WRONG("stride is 11", limbeck_answer_question(asked, "x", 1, "x", 1, &answers, answer, 8, &count));
    WRONG("context is NULL", limbeck_answer_question(asked, "x", 1, NULL, 1, NULL, answer, 8, &count));
    const char *question = "a b c d e f g h i j k l m n o p q r s t u v w x y z";
    SAYS(LIMBECK_TOO_LONG, "window of 24 tokens", limbeck_answer_question(asked, question, 51, "x", 1, NULL, answer, 8, &count));
    limbeck_session_free(asked);

    limbeck_session *fill = explaining("fill", 0);
    SAYS(LIMBECK_NO_MASK, "no [MASK] among the text's 3 tokens", limbeck_fill(fill, "hello", 5, NULL, candidate, 8, &count));
    SAYS(LIMBECK_CAPACITY, "5 elements are needed, and there is room for 2",
         limbeck_fill(fill, "hello [MASK]", 12, NULL, candidate, 2, &count));
    limbeck_session_free(fill);
}

static void ids(limbeck_session *embed) {
    const int32_t tokens[] = {2, 80, 3}, types[] = {0, 0, 2};
    const size_t three[] = {3}, two[] = {2}, none[] = {0}, many[] = {25}, overflow[] = {SIZE_MAX / 2, SIZE_MAX / 2};
    static const int32_t zeros[32];
    size_t count;
    WRONG("output is 9", limbeck_forward(embed, tokens, NULL, three, 1, 9, -1, floats, 4096, &count));
    WRONG("output is 0", limbeck_forward(embed, tokens, NULL, three, 1, 0, -1, floats, 4096, &count));
    WRONG("lengths is NULL", limbeck_forward(embed, tokens, NULL, NULL, 1, 1, -1, floats, 4096, &count));
    WRONG("ids is NULL", limbeck_forward(embed, NULL, NULL, three, 1, 1, -1, floats, 4096, &count));
    WRONG("lengths add up", limbeck_forward(embed, tokens, NULL, overflow, 2, 1, -1, floats, 4096, &count));
    WRONG("without ids", limbeck_forward(embed, tokens, NULL, none, 1, 1, -1, floats, 4096, &count));
    SAYS(LIMBECK_ID_OUT_OF_RANGE, "ids[1] is 80, and must be 0 to 79",
         limbeck_forward(embed, tokens, NULL, three, 1, 1, -1, floats, 4096, &count));
    SAYS(LIMBECK_ID_OUT_OF_RANGE, "types[2] is 2, and must be 0 to 1",
         limbeck_forward(embed, zeros, types, three, 1, 1, -1, floats, 4096, &count));
    SAYS(LIMBECK_ID_OUT_OF_RANGE, "layer is 3, and must be -1 to 2",
         limbeck_forward(embed, tokens, NULL, two, 1, 1, 3, floats, 4096, &count));
    SAYS(LIMBECK_TOO_LONG, "25 ids, and the model takes 24",
         limbeck_forward(embed, zeros, NULL, many, 1, 1, -1, floats, 4096, &count));
    SAYS(LIMBECK_UNSUPPORTED, "no logits; it can: embed",
         limbeck_forward(embed, zeros, NULL, two, 1, LIMBECK_OUTPUT_LOGITS, -1, floats, 4096, &count));
    limbeck_session *small = explaining("embed", 8);
    SAYS(LIMBECK_TOO_LONG, "25 ids, and max_tokens is 8",
         limbeck_forward(small, zeros, NULL, many, 1, 1, -1, floats, 4096, &count));
    limbeck_session_free(small);
}

static void tokens(void) {
    limbeck_model *model;
    limbeck_tokenizer *tokenizer;
    limbeck_session_free(session("embed", NULL, &model));
    OK(limbeck_model_tokenizer(model, &tokenizer));
    int32_t found[8];
    size_t count = 7;
    limbeck_tokenize_options options = {.struct_size = sizeof options, .message = message, .message_capacity = sizeof message};
    WRONG("text is NULL", limbeck_tokenize(tokenizer, NULL, 1, NULL, 0, &options, found, NULL, NULL, NULL, 8, &count));
    EXPECT(count == 0);
    WRONG("pair is NULL", limbeck_tokenize(tokenizer, "x", 1, NULL, 1, &options, found, NULL, NULL, NULL, 8, &count));
    WRONG("count is NULL", limbeck_tokenize(tokenizer, "x", 1, NULL, 0, &options, found, NULL, NULL, NULL, 8, NULL));
    WRONG("handle is NULL", limbeck_tokenize(NULL, "x", 1, NULL, 0, &options, found, NULL, NULL, NULL, 8, &count));
    SAYS(LIMBECK_CAPACITY, "3 elements are needed, and there is room for 1",
         limbeck_tokenize(tokenizer, "x", 1, NULL, 0, &options, found, NULL, NULL, NULL, 1, &count));
    OK(limbeck_tokenize(tokenizer, "x", 1, NULL, 0, &options, found, NULL, NULL, NULL, 8, &count));
    EXPECT(message[0] == 0);
    options.special_tokens = 3;
    WRONG("special_tokens is 3", limbeck_tokenize(tokenizer, "x", 1, NULL, 0, &options, found, NULL, NULL, NULL, 8, &count));
    memset(&options, 0xFF, sizeof options);
    options.struct_size = 12; /* an earlier caller's */
    options.special_tokens = options.max_length = 0;
    OK(limbeck_tokenize(tokenizer, "x", 1, NULL, 0, &options, found, NULL, NULL, NULL, 8, &count));
    limbeck_tokenizer_close(tokenizer);
    limbeck_model_close(model);
}

int main(int argc, char **argv) {
    start(argc, argv);
    making();
    limbeck_session *embed = explaining("embed", 0);
    texts(embed);
    questions(embed);
    ids(embed);
    limbeck_session_free(embed);
    tokens();
    return finish();
}
