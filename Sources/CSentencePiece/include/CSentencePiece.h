// libsentencepiece behind a C boundary: no exception crosses it, and nothing is printed.
#ifndef LIMBECK_SENTENCEPIECE_H
#define LIMBECK_SENTENCEPIECE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A piece of a text: its id, and the bytes of the text that it stands for.
typedef struct {
    int32_t id;
    uint32_t begin, end;
} limbeck_sentencepiece_token;

// Opens a serialised model. NULL if it is none; `message` then says why, ending in NUL.
void *limbeck_sentencepiece_open(const void *bytes, size_t count, char *message, size_t capacity);
void limbeck_sentencepiece_close(void *model);

// The number of pieces, and the UTF-8 of one; it lives as long as the model.
int32_t limbeck_sentencepiece_count(const void *model);
const char *limbeck_sentencepiece_piece(const void *model, int32_t id, size_t *count);
// The id of what is unknown.
int32_t limbeck_sentencepiece_unknown(const void *model);

// Cuts a text. *tokens is to be freed with limbeck_sentencepiece_free(). -1: it failed, for want of memory, say.
int limbeck_sentencepiece_encode(const void *model, const void *text, size_t bytes,
                                 limbeck_sentencepiece_token **tokens, size_t *count);
void limbeck_sentencepiece_free(limbeck_sentencepiece_token *tokens);

#ifdef __cplusplus
}
#endif

#endif
