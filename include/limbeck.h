/* limbeck.h: runs distilled Transformer students, the encoders of the BERT line from TinyBERT to ModernBERT, on the device.
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * If it does not appear in this file, it is not part of the interface. Valid as C99, C11 and C++11 or later.
 *
 * THE RULES, stated once
 *
 * Status.   Every function that can fail returns an int32_t: LIMBECK_OK (0) or one of the LIMBECK_* status numbers below.
 *           Numbers are never changed or reused. limbeck_status_string() turns one into an English sentence.
 * Messages. Why a call failed, with its particulars ("threads is 300, and must be 0 to 256"), is written where its caller wants to
 *           read it: calls that open take a buffer, and so do the options of sessions and of limbeck_tokenize(). As much as fits,
 *           always with a NUL; empty when nothing failed. The buffer may be NULL with capacity 0. Sentences may change.
 * Strings.  UTF-8, as a pointer and a byte length; they need no terminating NUL, and may contain NUL bytes. Ill-formed
 *           UTF-8 is read as U+FFFD. A string must be shorter than 4 GiB. The pointer may be NULL if its length is 0.
 * Offsets.  Byte offsets into the caller's text: start inclusive, end exclusive. Both lie on character boundaries.
 * Buffers.  They belong to the caller. A capacity counts elements. If a buffer is too small, the function returns
 *           LIMBECK_CAPACITY, writes the count it needed to the `count` argument where it has one, and what the buffer then
 *           holds is unspecified. The library returns nothing to free except handles.
 * Structs.  Option and information structs are passed by pointer, with `struct_size` set by the caller to sizeof the
 *           struct it was compiled with. Members are only ever appended. A zero member means the default, and a NULL
 *           options pointer means all defaults. Result structs (limbeck_span, limbeck_answer, limbeck_candidate) come in
 *           arrays, have no size member, and never change.
 * Handles.  Opaque. Closing or freeing NULL does nothing. A session keeps its model alive, and a tokenizer taken from a
 *           model keeps what it needs, so the order of closing is free.
 * Threads.  A model and a tokenizer are immutable: any number of threads may use one at the same time. A session serves
 *           one thread at a time; sessions are independent of each other.
 * Forks.    A child of fork() may use what its parent had opened, and close its own. The first call of a session in the child starts
 *           the session's threads anew, also if another thread of the parent was in a call at the fork.
 * Never.    The library does not abort, print, read environment variables, install signal handlers, or keep global state.
 *           A model's file must not be truncated or overwritten in place while the model is open: it is mapped, not copied.
 * Bits.     For one model, the numbers of an answer do not depend on the other texts of the call, the number of threads,
 *           max_tokens, or the instruction set.
 */
#ifndef LIMBECK_H
#define LIMBECK_H

#include <stddef.h>
#include <stdint.h>

#define LIMBECK_VERSION_MAJOR 0
#define LIMBECK_VERSION_MINOR 1
#define LIMBECK_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Status ----------------------------------------------------------------------------------------------------- */

enum {
    LIMBECK_OK = 0,

    /* The arguments of this call. */
    LIMBECK_INVALID_ARGUMENT = 1,  /* a NULL where none is allowed, a struct_size or an option out of range */
    LIMBECK_CAPACITY = 2,          /* a buffer is too small; `count` says what is needed */
    LIMBECK_ID_OUT_OF_RANGE = 3,   /* a token id, token type or layer that the model does not have */
    LIMBECK_TOO_LONG = 4,          /* more tokens in one sequence than the model or the session takes */
    LIMBECK_UNSUPPORTED = 5,       /* the model has no head for this question, or no such output */
    LIMBECK_NO_TOKENIZER = 6,      /* the folder has no tokenizer, so only limbeck_forward() works */
    LIMBECK_NO_MASK = 7,           /* limbeck_fill() found no mask token in the text */
    LIMBECK_INTERRUPTED = 8,       /* the caller's `interrupt` ended the call */

    /* The files. A message at opening says which file, key or tensor, what was found and what was expected. */
    LIMBECK_FILE_NOT_FOUND = 20,
    LIMBECK_FILE_UNREADABLE = 21,    /* the operating system refused to open, read or map it */
    LIMBECK_FILE_MALFORMED = 22,     /* not what its format demands */
    LIMBECK_FILE_UNSUPPORTED = 23,   /* well-formed, but a family, head, tokenizer or type that is not supported */
    LIMBECK_FILE_INCONSISTENT = 24,  /* a missing tensor, or a shape that contradicts the configuration */
    LIMBECK_FILE_UNWRITABLE = 25,    /* the operating system refused to create or write it, or its disk is full */

    /* The machine. */
    LIMBECK_OUT_OF_MEMORY = 40,
    LIMBECK_THREADS_UNAVAILABLE = 41,  /* the operating system refused to start a worker thread */
    LIMBECK_KERNELS_UNAVAILABLE = 42   /* the requested instruction set is not available on this CPU */
};

/* ---- Library ---------------------------------------------------------------------------------------------------- */

/* The version of the library at run time: major << 16 | minor << 8 | patch. */
uint32_t limbeck_version(void);

/* The same as text, such as "0.1.0". Static; do not free. */
const char *limbeck_version_string(void);

/* An English sentence for a status, without a full stop. Static; never NULL, also for unknown numbers. */
const char *limbeck_status_string(int32_t status);

/* ---- Tokenizer -------------------------------------------------------------------------------------------------- */

typedef struct limbeck_tokenizer limbeck_tokenizer;

/* Opens a tokenizer without weights, to count tokens or cut texts. `path` is a model folder, a pack, a GGUF file, a
 * tokenizer.json, a vocab.txt, or a vocab.json with a merges.txt beside it (the last two with a tokenizer_config.json beside them, if
 * there is one).
 * On failure *tokenizer is NULL, and up to message_capacity bytes of explanation, NUL included, are written to `message`
 * (which may be NULL with capacity 0). */
int32_t limbeck_tokenizer_open(const char *path, size_t path_bytes, limbeck_tokenizer **tokenizer, char *message,
                               size_t message_capacity);

void limbeck_tokenizer_close(limbeck_tokenizer *tokenizer);

typedef struct limbeck_tokenize_options {
    uint32_t struct_size;
    uint32_t special_tokens; /* 0 or 1: add [CLS], [SEP] as the tokenizer's template says; 2: add none */
    uint32_t max_length;     /* 0: no truncation; else truncate, longest first, to this many tokens with the special ones,
                                which are never cut: a smaller number leaves them alone */
    char *message;           /* where a call that fails explains itself, as limbeck_tokenizer_open() does; NULL: nowhere */
    size_t message_capacity;
} limbeck_tokenize_options;

/* Cuts `text`, or the pair `text` and `pair` (pair NULL: a single text), into tokens.
 * Writes per token: ids, types (the token type that the model is given), and the byte range [starts, ends) in its text;
 * special tokens that were added have an empty range. Any of the four arrays may be NULL. *count is set to the number of tokens,
 * also when the status is LIMBECK_CAPACITY; so all NULL and capacity 0 counts. */
int32_t limbeck_tokenize(const limbeck_tokenizer *tokenizer, const char *text, size_t text_bytes, const char *pair,
                         size_t pair_bytes, const limbeck_tokenize_options *options, int32_t *ids, int32_t *types,
                         uint32_t *starts, uint32_t *ends, size_t capacity, size_t *count);

/* The number of ids: every id is below it, though some may name no token. */
size_t limbeck_tokenizer_vocab_size(const limbeck_tokenizer *tokenizer);

/* Writes the token `id` as in the vocabulary ("##ing"), without a NUL. *count is set to its bytes.
 * LIMBECK_ID_OUT_OF_RANGE if no token has this id. */
int32_t limbeck_tokenizer_token(const limbeck_tokenizer *tokenizer, int32_t id, char *token, size_t capacity, size_t *count);

/* Looks a token up, special ones included. LIMBECK_ID_OUT_OF_RANGE if there is none. */
int32_t limbeck_tokenizer_id(const limbeck_tokenizer *tokenizer, const char *token, size_t token_bytes, int32_t *id);

/* ---- Model ------------------------------------------------------------------------------------------------------ */

typedef struct limbeck_model limbeck_model;

/* Opens a pack that limbeck_pack() wrote; or a model folder as the Hugging Face ecosystem writes it: config.json, the weights
 * (model.safetensors, pytorch_model.bin, or several of either with their index), and tokenizer.json, vocab.txt or
 * vocab.json; or a GGUF file, or a folder with one and no other weights. Everything is checked here: a model that opens does
 * not fail later for what is in its files.
 * On failure *model is NULL and `message` explains, as for limbeck_tokenizer_open(). */
int32_t limbeck_model_open(const char *path, size_t path_bytes, limbeck_model **model, char *message,
                           size_t message_capacity);

void limbeck_model_close(limbeck_model *model);

enum {
    LIMBECK_FAMILY_BERT = 1,       /* TinyBERT, MiniLM, Chinese BERT-wwm and RBT too */
    LIMBECK_FAMILY_DISTILBERT = 2,
    LIMBECK_FAMILY_ROBERTA = 3,    /* DistilRoBERTa, CamemBERT and XLM-RoBERTa too */
    LIMBECK_FAMILY_ALBERT = 4,
    LIMBECK_FAMILY_ELECTRA = 5,
    LIMBECK_FAMILY_MPNET = 6,
    LIMBECK_FAMILY_MOBILEBERT = 7,
    LIMBECK_FAMILY_DEBERTA = 8,    /* v2 and v3 */
    LIMBECK_FAMILY_MODERNBERT = 9,
    LIMBECK_FAMILY_NOMIC_BERT = 10
};

/* What a model can answer: bits of limbeck_model_info.answers. */
enum {
    LIMBECK_CAN_EMBED = 1,
    LIMBECK_CAN_CLASSIFY = 2,
    LIMBECK_CAN_RERANK = 4,
    LIMBECK_CAN_TAG = 8,
    LIMBECK_CAN_ANSWER = 16,
    LIMBECK_CAN_FILL = 32
};

/* The form in which a model has its weights. */
enum {
    LIMBECK_PRECISION_DEFAULT = 0, /* when packing: int8 */
    LIMBECK_PRECISION_F32 = 1,
    LIMBECK_PRECISION_F16 = 2,  /* half the size; the arithmetic is that of F32 */
    LIMBECK_PRECISION_INT8 = 3, /* bytes, and so are the inputs of matrix products */
    LIMBECK_PRECISION_INT4 = 4  /* half bytes, in groups with a scale each */
};

typedef struct limbeck_model_info_t {
    uint32_t struct_size;
    uint32_t family;             /* LIMBECK_FAMILY_* */
    uint32_t answers;            /* LIMBECK_CAN_* bits; texts also need has_tokenizer */
    uint32_t has_tokenizer;      /* 0 or 1 */
    uint32_t hidden_size;
    uint32_t layers;
    uint32_t attention_heads;
    uint32_t intermediate_size;
    uint32_t vocab_size;
    uint32_t max_length;         /* tokens in one sequence, special ones included, to which texts are truncated */
    uint32_t max_positions;      /* the longest sequence limbeck_forward() takes */
    uint32_t label_count;        /* 0 without a classifying or tagging head */
    uint32_t embedding_size;     /* floats in a vector of limbeck_embed() */
    uint32_t precision;          /* LIMBECK_PRECISION_*; F32 for all that is no pack */
    uint64_t parameters;         /* numbers in the tensors that are used */
    uint64_t mapped_bytes;       /* bytes of the weight file, mapped and shared between processes */
    uint64_t private_bytes;      /* bytes this process needs on top: the packed weights and the tokenizer's tables */
    uint32_t prompt_count;
    int32_t default_prompt;      /* the prompt that stands before the texts of a call which names none; -1: none does */
    uint64_t most_dimensions;    /* that limbeck_embed_options.dimensions may be: embedding_size, or more if the folder cuts vectors */
} limbeck_model_info_t;

/* Fills the members that fit in info->struct_size. */
int32_t limbeck_model_info(const limbeck_model *model, limbeck_model_info_t *info);

/* Writes the name of a label, without a NUL. *count is set to its bytes. */
int32_t limbeck_model_label(const limbeck_model *model, int32_t label, char *name, size_t capacity, size_t *count);

/* The same without the scheme's prefix, such as "B-" or "I-" (what stands up to the first hyphen): what a joined span of
 * limbeck_tag() is called. */
int32_t limbeck_model_entity(const limbeck_model *model, int32_t label, char *name, size_t capacity, size_t *count);

/* Writes the name of a prompt, and its text, without a NUL; either may be left out, with NULL and capacity 0. *name_count and
 * *text_count are set to their bytes. A prompt is a text that a model expects before others, such as "query: ". Models that are no
 * cross-encoders have at least "query" and "document", as in sentence-transformers, maybe without text. */
int32_t limbeck_model_prompt(const limbeck_model *model, uint32_t prompt, char *name, size_t name_capacity,
                             size_t *name_count, char *text, size_t text_capacity, size_t *text_count);

/* The model's tokenizer, to be closed with limbeck_tokenizer_close() in any order. LIMBECK_NO_TOKENIZER if it has none. */
int32_t limbeck_model_tokenizer(const limbeck_model *model, limbeck_tokenizer **tokenizer);

/* Called during a call, on its thread, twenty to fifty times a second; a call of some milliseconds is over before. A number other
 * than 0 ends the call, which returns LIMBECK_INTERRUPTED soon, with nothing of use in its buffers. It must not use the session that
 * is calling it. */
typedef int32_t (*limbeck_interrupt)(void *context);

/* ---- Pack ------------------------------------------------------------------------------------------------------- */

/* What limbeck_pack() is at. */
enum {
    LIMBECK_PACK_READING = 1,
    LIMBECK_PACK_QUANTIZING = 2,
    LIMBECK_PACK_REFERENCES = 3, /* computing the answers that limbeck_verify() compares */
    LIMBECK_PACK_WRITING = 4
};

/* Called on the thread of limbeck_pack(), with how much of a stage (LIMBECK_PACK_*) is done, from 0 to 1. */
typedef void (*limbeck_pack_progress)(void *context, uint32_t stage, double fraction);

typedef struct limbeck_pack_options {
    uint32_t struct_size;
    uint32_t precision;             /* LIMBECK_PRECISION_* */
    const char *const *calibration; /* texts like those that the model will see, for INT8 and INT4; none: built-in ones */
    const size_t *calibration_bytes;
    size_t calibration_count;
    const char *const *references;  /* texts whose answers the pack keeps, the first few; none: built-in ones */
    const size_t *reference_bytes;
    size_t reference_count;
    limbeck_pack_progress progress; /* NULL: nobody wants to know */
    void *context;
    limbeck_interrupt interrupt;    /* given the same context; a call that it ends writes no file */
} limbeck_pack_options;

/* Packs what limbeck_model_open() takes, but for a pack, into one file, which is opened without being read: its weights stand
 * in it as the matrix products want them, and all processes that open it share them. docs/pack.md describes it.
 * The file is there whole or not at all, and one that it replaces stays until then: LIMBECK_FILE_UNWRITABLE if the operating
 * system refuses. A tensor of the source that no part of the model explains is refused. On failure `message` explains, as
 * for limbeck_tokenizer_open(). */
int32_t limbeck_pack(const char *path, size_t path_bytes, const char *out, size_t out_bytes,
                     const limbeck_pack_options *options, char *message, size_t message_capacity);

/* Reads a whole pack: its checksums, and its reference texts, whose answers have to be those of the packing machine, bit by
 * bit. LIMBECK_FILE_MALFORMED if one is another; `message` says which. */
int32_t limbeck_verify(const char *path, size_t path_bytes, char *message, size_t message_capacity);

/* ---- Session ---------------------------------------------------------------------------------------------------- */

typedef struct limbeck_session limbeck_session;

enum {
    LIMBECK_KERNELS_BEST = 0, /* the best this CPU has */
    LIMBECK_KERNELS_PORTABLE = 1,
    LIMBECK_KERNELS_AVX2 = 2,   /* with FMA and F16C */
    LIMBECK_KERNELS_AVX512 = 3, /* F, BW, DQ, VL */
    LIMBECK_KERNELS_NEON = 4,
    /* As above, and other instructions for products of bytes, in models that were packed as int8 or int4. */
    LIMBECK_KERNELS_AVX_VNNI = 5,    /* AVX2 and AVX-VNNI */
    LIMBECK_KERNELS_AVX512_VNNI = 6, /* AVX-512 and its VNNI */
    LIMBECK_KERNELS_AMX = 7,         /* the same and AMX. The best session of such a model, where the CPU has it, asks the
                                      * operating system for the process's right to AMX (arch_prctl). The process then has
                                      * it for good, and its signals need larger frames. */
    LIMBECK_KERNELS_NEON_DOT = 8     /* NEON and its dot products */
};

typedef struct limbeck_session_options {
    uint32_t struct_size;
    uint32_t threads;    /* 0: the CPUs this process may use, by its affinity and the quota of its control groups (cgroups);
                          * 1: no thread is created; at most 256 */
    uint32_t max_tokens; /* 0: 512, or the model's max_length if that is more; at most
                          * 1048576. The memory bound: larger batches are split inside, with the same bits. One sequence must
                          * fit: texts are truncated to max_tokens if the model would take more. */
    uint32_t kernels;    /* LIMBECK_KERNELS_*; one this CPU lacks is LIMBECK_KERNELS_UNAVAILABLE */
    limbeck_interrupt interrupt; /* NULL: calls run to their end */
    void *context;
    char *message;       /* Where limbeck_session_new() and every later call of the session that fails explains itself, as
                          * limbeck_model_open() does; empty after one that succeeds. It must outlive the session. NULL: nowhere. */
    size_t message_capacity;
} limbeck_session_options;

/* Allocates everything the session will ever need: no later call that succeeds allocates memory, but for the first after a fork(),
 * which starts the session's threads in the new process. */
int32_t limbeck_session_new(const limbeck_model *model, const limbeck_session_options *options, limbeck_session **session);

void limbeck_session_free(limbeck_session *session);

typedef struct limbeck_session_info_t {
    uint32_t struct_size;
    uint32_t threads;
    uint32_t max_tokens;
    uint32_t kernels; /* the instruction set in use */
    uint64_t memory_bytes; /* the session's scratch memory */
} limbeck_session_info_t;

/* Fills the members that fit in info->struct_size. */
int32_t limbeck_session_info(const limbeck_session *session, limbeck_session_info_t *info);

/* ---- Text in, answers out --------------------------------------------------------------------------------------- */

enum {
    LIMBECK_POOLING_MODEL = 0, /* as the folder says; mean without a word from it */
    LIMBECK_POOLING_MEAN = 1,
    LIMBECK_POOLING_CLS = 2,
    LIMBECK_POOLING_MAX = 3,
    LIMBECK_POOLING_POOLER = 4, /* tanh(W x[CLS] + b) */
    LIMBECK_POOLING_MEAN_SQRT_LEN_TOKENS = 5, /* the sum, divided by the root of the number of tokens */
    LIMBECK_POOLING_WEIGHTEDMEAN = 6, /* with weights 1, 2, 3, ... in the order of the text */
    LIMBECK_POOLING_LASTTOKEN = 7
};

typedef struct limbeck_embed_options {
    uint32_t struct_size;
    uint32_t pooling;    /* LIMBECK_POOLING_*, in place of the folder's; LIMBECK_UNSUPPORTED where that has several side by side */
    uint32_t normalize;  /* L2. 0: as the folder says; 1: yes, at the end; 2: without what the folder does so at the end */
    uint32_t dimensions; /* 0: as the folder says; else the first so many, normalised after the cut (Matryoshka) */
    uint32_t max_length; /* 0: the model's; else truncate texts to so many tokens */
    const char *prompt;  /* put before every text, as one text with it; NULL: as prompt_name says; empty: nothing */
    size_t prompt_bytes; /* at most 16384 */
    const char *prompt_name; /* of one of the model's prompts; NULL: its default. With `prompt` too: LIMBECK_INVALID_ARGUMENT */
    size_t prompt_name_bytes;
} limbeck_embed_options;

/* One vector per text: vectors is (text_count, dimensions) floats, row-major. */
int32_t limbeck_embed(limbeck_session *session, const char *const *texts, const size_t *text_bytes, size_t text_count,
                      const limbeck_embed_options *options, float *vectors, size_t capacity);

enum {
    LIMBECK_SCORES_MODEL = 0, /* as sentence-transformers' CrossEncoder gives them, in a folder of its own; else softmax; sigmoid for
                                * a multi_label_classification model, or for one label; the raw numbers for a regression */
    LIMBECK_SCORES_SOFTMAX = 1,
    LIMBECK_SCORES_SIGMOID = 2,
    LIMBECK_SCORES_RAW = 3
};

typedef struct limbeck_classify_options {
    uint32_t struct_size;
    uint32_t scores;     /* LIMBECK_SCORES_* */
    float temperature;   /* logits are divided by it before the softmax or sigmoid; 0 means 1 */
    uint32_t max_length; /* as in limbeck_embed_options */
    const char *prompt;  /* as in limbeck_embed_options; of a pair it is put before the first text. A cross-encoder's default prompt */
    size_t prompt_bytes; /* is for these calls, and that of other models for limbeck_embed() */
    const char *prompt_name;
    size_t prompt_name_bytes;
} limbeck_classify_options;

/* scores is (text_count, label_count) floats. pairs NULL: single texts; else as many second texts (entailment, next
 * sentence), of which an empty one counts as none. */
int32_t limbeck_classify(limbeck_session *session, const char *const *texts, const size_t *text_bytes,
                         const char *const *pairs, const size_t *pair_bytes, size_t text_count,
                         const limbeck_classify_options *options, float *scores, size_t capacity);

/* One score per document, in their order, from a cross-encoder with one label (its raw number, by default, or what its folder
 * says) or two (the probability of the second, by default). Higher is more relevant. */
int32_t limbeck_rerank(limbeck_session *session, const char *query, size_t query_bytes, const char *const *documents,
                       const size_t *document_bytes, size_t document_count, const limbeck_classify_options *options,
                       float *scores, size_t capacity);

enum {
    LIMBECK_AGGREGATION_DEFAULT = 0, /* simple */
    LIMBECK_AGGREGATION_NONE = 1,    /* a span per token */
    LIMBECK_AGGREGATION_SIMPLE = 2,  /* neighbours of one label are joined; the score is the mean of theirs */
    LIMBECK_AGGREGATION_FIRST = 3,   /* a word has the label of its first token */
    LIMBECK_AGGREGATION_AVERAGE = 4, /* a word has the label of the mean of its tokens' scores */
    LIMBECK_AGGREGATION_MAX = 5      /* a word has the label of its most certain token */
};

typedef struct limbeck_tag_options {
    uint32_t struct_size;
    uint32_t aggregation;  /* LIMBECK_AGGREGATION_* */
    uint32_t keep_outside; /* 0: spans labelled "O" are left out; 1: they are kept */
    uint32_t max_length;   /* as in limbeck_embed_options */
} limbeck_tag_options;

typedef struct limbeck_span {
    int32_t label;  /* limbeck_model_label() names a token's span, limbeck_model_entity() a joined one */
    float score;    /* 0 to 1 */
    uint32_t start; /* bytes into the text */
    uint32_t end;
} limbeck_span;

/* Labelled spans in the order of the text, with the rules of the transformers token-classification pipeline. */
int32_t limbeck_tag(limbeck_session *session, const char *text, size_t text_bytes, const limbeck_tag_options *options,
                    limbeck_span *spans, size_t capacity, size_t *count);

typedef struct limbeck_answer_options {
    uint32_t struct_size;
    uint32_t top_k;             /* 0: 1; at most 1000 */
    uint32_t max_answer_length; /* in tokens; 0: 15 */
    uint32_t max_length;        /* tokens in one window, question included; 0: 384, or the model's if that is less */
    uint32_t stride;            /* tokens by which windows overlap; 0: 128, or half a window if that is less */
    uint32_t allow_none;        /* 1: "no answer" competes, as an empty span (handle_impossible_answer) */
} limbeck_answer_options;

typedef struct limbeck_answer {
    float score;
    uint32_t start; /* bytes into the context */
    uint32_t end;
} limbeck_answer;

/* The best spans of `context` that answer `question`, best first, with the rules of the transformers question-answering pipeline. */
int32_t limbeck_answer_question(limbeck_session *session, const char *question, size_t question_bytes,
                                const char *context, size_t context_bytes, const limbeck_answer_options *options,
                                limbeck_answer *answers, size_t capacity, size_t *count);

typedef struct limbeck_fill_options {
    uint32_t struct_size;
    uint32_t top_k;      /* 0: 5 */
    uint32_t max_length; /* as in limbeck_embed_options */
} limbeck_fill_options;

typedef struct limbeck_candidate {
    int32_t token;   /* limbeck_tokenizer_token() names it */
    float score;     /* its probability */
    uint32_t mask;   /* which mask of the text, counted from 0 */
} limbeck_candidate;

/* For every mask token in `text` ("[MASK]"), in order, the top_k most probable tokens, best first. */
int32_t limbeck_fill(limbeck_session *session, const char *text, size_t text_bytes, const limbeck_fill_options *options,
                     limbeck_candidate *candidates, size_t capacity, size_t *count);

/* ---- Ids in, numbers out ---------------------------------------------------------------------------------------- */

enum {
    LIMBECK_OUTPUT_HIDDEN = 1, /* (tokens, hidden_size), all sequences back to back: the state after `layer` */
    LIMBECK_OUTPUT_POOLED = 2, /* (sequences, hidden_size): the pooler's vector */
    LIMBECK_OUTPUT_LOGITS = 3  /* the head's raw numbers: (sequences, label_count) for classification, (tokens, label_count)
                                * for tagging, (tokens, 2) start and end for answers, (tokens, vocab_size) for masked tokens,
                                * (tokens, 1) for replaced ones */
};

/* Runs `sequence_count` sequences of lengths[i] ids, back to back in `ids`; `types` are their token types, or NULL for all 0.
 * `layer` matters for LIMBECK_OUTPUT_HIDDEN alone: 0 is the embedding output, n the state after n layers, -1 the last.
 * *count is set to the number of floats, also when the status is LIMBECK_CAPACITY. */
int32_t limbeck_forward(limbeck_session *session, const int32_t *ids, const int32_t *types, const size_t *lengths,
                        size_t sequence_count, uint32_t output, int32_t layer, float *values, size_t capacity,
                        size_t *count);

#ifdef __cplusplus
}
#endif

#endif /* LIMBECK_H */
