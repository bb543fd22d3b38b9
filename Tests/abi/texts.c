/* Texts as they come: ill-formed UTF-8, NUL bytes, nothing at all, a megabyte of one letter. Each has a defined answer. */
#include "abi.h"

enum { WIDTH = 24 };

static void same(limbeck_session *session, const char *a, size_t a_bytes, const char *b, size_t b_bytes) {
    float one[WIDTH], other[WIDTH];
    OK(limbeck_embed(session, &a, &a_bytes, 1, NULL, one, WIDTH));
    OK(limbeck_embed(session, &b, &b_bytes, 1, NULL, other, WIDTH));
    EXPECT(memcmp(one, other, sizeof one) == 0);
}

int main(int argc, char **argv) {
    start(argc, argv);
    limbeck_model *model;
    limbeck_tokenizer *tokenizer;
    limbeck_session *embed = session("embed", NULL, &model);
    OK(limbeck_model_tokenizer(model, &tokenizer));

    /* Ill-formed bytes read as U+FFFD; offsets are still those of the caller's bytes. */
    same(embed, "hello \xFF world", 13, "hello \xEF\xBF\xBD world", 15);
    same(embed, "hello \xED\xA0\x80 world", 15, "hello \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD world", 21); /* a surrogate */
    same(embed, "hello \xE2\x82", 8, "hello \xEF\xBF\xBD", 9);                                           /* cut off */
    same(embed, "hel\0lo", 6, "hello", 5); /* control characters vanish in BERT's normaliser */
    same(embed, "", 0, " \t\r\n", 4);
    same(embed, NULL, 0, "", 0);
    const char *bad = "a\x80\xC3(b\xF0\x9D\x84\xFF c";
    int32_t ids[64];
    uint32_t starts[64], ends[64];
    size_t count;
    OK(limbeck_tokenize(tokenizer, bad, 11, NULL, 0, NULL, ids, NULL, starts, ends, 64, &count));
    for (size_t i = 0; i < count; i++) EXPECT(starts[i] <= ends[i] && ends[i] <= 11);

    /* All bytes, all lengths: whatever the text, an answer. */
    char noise[512];
    uint32_t seed = 20260101;
    for (int round = 0; round < 2000; round++) {
        size_t bytes = (seed = seed * 1664525 + 1013904223) >> 23;
        for (size_t i = 0; i < bytes; i++) noise[i] = (char)((seed = seed * 1664525 + 1013904223) >> 24);
        const char *text = noise;
        float vector[WIDTH];
        OK(limbeck_embed(embed, &text, &bytes, 1, NULL, vector, WIDTH));
        for (int k = 0; k < WIDTH; k++) EXPECT(vector[k] == vector[k]);
    }
    printf("seed 20260101, ");

    size_t megabyte = 1 << 20;
    char *letters = malloc(megabyte);
    const char *words[] = {letters, "x"};
    const size_t words_bytes[] = {megabyte, 1};
    float vectors[2 * WIDTH];
    for (const char *letter = "a \xE4.\xF0"; *letter; letter++) {
        memset(letters, *letter, megabyte);
        OK(limbeck_embed(embed, words, words_bytes, 2, NULL, vectors, 2 * WIDTH));
        limbeck_tokenize_options cut = {.struct_size = sizeof cut, .max_length = 16};
        OK(limbeck_tokenize(tokenizer, letters, megabyte, NULL, 0, &cut, ids, NULL, starts, ends, 64, &count));
        EXPECT(count >= 2 && count <= 16);
    }

    limbeck_session *tag = session("tag", NULL, NULL), *answer = session("answer", NULL, NULL), *fill = session("fill", NULL, NULL);
    limbeck_span spans[64];
    OK(limbeck_tag(tag, bad, 11, NULL, spans, 64, &count));
    OK(limbeck_tag(tag, "", 0, NULL, spans, 64, &count));
    EXPECT(count == 0);
    limbeck_answer answers[4];
    EXPECT(limbeck_answer_question(answer, bad, 11, bad, 11, NULL, answers, 4, &count) == LIMBECK_OK);
    int32_t status = limbeck_answer_question(answer, "", 0, "", 0, NULL, answers, 4, &count);
    EXPECT(status == LIMBECK_OK || status == LIMBECK_INVALID_ARGUMENT || status == LIMBECK_TOO_LONG);
    limbeck_candidate candidates[16];
    STATUS(LIMBECK_NO_MASK, limbeck_fill(fill, "hello", 5, NULL, candidates, 16, &count));
    OK(limbeck_fill(fill, "hello [MASK] \xFF [MASK]", 21, NULL, candidates, 16, &count));
    EXPECT(count == 10 && candidates[0].mask == 0 && candidates[5].mask == 1);
    STATUS(LIMBECK_CAPACITY, limbeck_fill(fill, "[MASK]", 6, NULL, candidates, 4, &count));
    EXPECT(count == 5);

    /* A folder without a tokenizer takes ids, and says what it lacks. */
    limbeck_model *bare;
    limbeck_tokenizer *missing = tokenizer;
    limbeck_session *ids_only = session("bare", NULL, &bare);
    size_t one_byte = 1;
    STATUS(LIMBECK_NO_TOKENIZER, limbeck_model_tokenizer(bare, &missing));
    EXPECT(missing == NULL);
    STATUS(LIMBECK_NO_TOKENIZER, limbeck_embed(ids_only, &words[1], &one_byte, 1, NULL, vectors, WIDTH));
    OK(limbeck_forward(ids_only, (const int32_t[]){2, 3}, NULL, (const size_t[]){2}, 1, LIMBECK_OUTPUT_HIDDEN, -1, vectors,
                       2 * WIDTH, &count));

    free(letters);
    limbeck_session *sessions[] = {embed, tag, answer, fill, ids_only};
    for (int i = 0; i < 5; i++) limbeck_session_free(sessions[i]);
    limbeck_tokenizer_close(tokenizer);
    limbeck_model_close(model);
    limbeck_model_close(bare);
    return finish();
}
