/* limbeck.h: on-device inference for distilled Transformer encoders of the BERT line, from TinyBERT to ModernBERT.
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * What is not declared in this file is not part of the interface. Valid as C99, C11 and C++11 or later.
 *
 * THE RULES, which hold for every function
 *
 * Status.   Every function that can fail returns an int32_t: LIMBECK_OK (0) or one of the LIMBECK_* status codes below.
 *           Codes are never changed or reused. limbeck_status_string() returns an English sentence for a code.
 * Messages. A failed call explains the failure in a message, with the offending value ("threads is 300, and must be 0 to 256"). The
 *           caller provides the buffer: calls that open something take it as an argument; sessions and limbeck_tokenize() take it
 *           in their options. The message is truncated to fit, always NUL-terminated, and empty when the call succeeds. The
 *           buffer may be NULL with capacity 0. The wording may change.
 * Strings.  UTF-8, as a pointer and a length in bytes. They need no terminating NUL, and may contain NUL bytes. Ill-formed
 *           UTF-8 is read as U+FFFD. A string must be shorter than 4 GiB. The pointer may be NULL if the length is 0.
 * Offsets.  Byte offsets into the caller's text: start inclusive, end exclusive. Both lie on character boundaries.
 * Buffers.  Owned by the caller. Capacities count elements. If a buffer is too small, the function returns LIMBECK_CAPACITY and
 *           writes the required count to its `count` argument, if it has one; the contents of the buffer are then unspecified.
 *           Handles are the only things the library returns that the caller has to free.
 * Structs.  Option and information structs are passed by pointer, with `struct_size` set by the caller to sizeof the
 *           struct it was compiled with. Members are only ever appended. A member of zero means its default, and a NULL
 *           options pointer means all defaults. Result structs (limbeck_span, limbeck_answer, limbeck_candidate) are returned
 *           in arrays, have no size member, and never change.
 * Handles.  Opaque. Closing or freeing NULL does nothing. A session keeps its model alive, and a tokenizer taken from a
 *           model keeps what it needs, so handles may be closed in any order.
 * Threads.  Models and tokenizers are immutable: any number of threads may use one at the same time. A session serves
 *           one thread at a time; sessions are independent of each other.
 * Forks.    A child of fork() may use the handles its parent had opened, and close its copies. The first call of a session in the
 *           child restarts the session's threads, even if another thread of the parent was inside a call at the time of the fork.
 * Never.    The library does not abort, print, read environment variables, install signal handlers, or keep global state.
 *           A model's file must not be truncated or overwritten in place while the model is open: it is mapped, not copied.
 * Bits.     For a given model, results are bit-identical: they do not depend on the other texts of the call, the number of
 *           threads, max_tokens, or the instruction set.
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
    LIMBECK_INVALID_ARGUMENT = 1, /* a NULL that is not allowed, or a struct_size or option out of range */
    LIMBECK_CAPACITY = 2,         /* a buffer is too small; `count` holds the required size */
    LIMBECK_ID_OUT_OF_RANGE = 3,  /* a token id, token type or layer that the model does not have */
    LIMBECK_TOO_LONG = 4,         /* a sequence has more tokens than the model or the session accepts */
    LIMBECK_UNSUPPORTED = 5,      /* the model has no head for this task, or no such output */
    LIMBECK_NO_TOKENIZER = 6,     /* the model has no tokenizer, so only limbeck_forward() works */
    LIMBECK_NO_MASK = 7,          /* limbeck_fill() found no mask token in the text */
    LIMBECK_INTERRUPTED = 8,      /* the caller's `interrupt` callback ended the call */

    /* The files. The message names the file, key or tensor, what was found, and what was expected. */
    LIMBECK_FILE_NOT_FOUND = 20,
    LIMBECK_FILE_UNREADABLE = 21,   /* the operating system refused to open, read or map it */
    LIMBECK_FILE_MALFORMED = 22,    /* violates its format */
    LIMBECK_FILE_UNSUPPORTED = 23,  /* well-formed, but its family, head, tokenizer or data type is not supported */
    LIMBECK_FILE_INCONSISTENT = 24, /* a tensor is missing, or its shape contradicts the configuration */
    LIMBECK_FILE_UNWRITABLE = 25,   /* the operating system refused to create or write it, or the disk is full */

    /* The machine. */
    LIMBECK_OUT_OF_MEMORY = 40,
    LIMBECK_THREADS_UNAVAILABLE = 41, /* the operating system refused to start a worker thread */
    LIMBECK_KERNELS_UNAVAILABLE = 42  /* the requested instruction set is not available on this CPU */
};

/* ---- Library ---------------------------------------------------------------------------------------------------- */

/* The version of the library at run time: major << 16 | minor << 8 | patch. */
uint32_t limbeck_version(void);

/* The same as a string, such as "0.1.0". Static; do not free. */
const char *limbeck_version_string(void);

/* An English sentence for a status code, without a full stop. Static; never NULL, even for unknown codes. */
const char *limbeck_status_string(int32_t status);

/* ---- Tokenizer -------------------------------------------------------------------------------------------------- */

typedef struct limbeck_tokenizer limbeck_tokenizer;

/* Opens a tokenizer without weights, to count tokens or tokenize texts. `path` is a model folder, a pack, a GGUF file, a
 * tokenizer.json, a vocab.txt, or a vocab.json with a merges.txt beside it. For the last two, a tokenizer_config.json in the same
 * folder is read if there is one.
 * On failure *tokenizer is NULL, and up to message_capacity bytes of explanation, NUL included, are written to `message`
 * (which may be NULL with capacity 0). */
int32_t limbeck_tokenizer_open(const char *path, size_t path_bytes, limbeck_tokenizer **tokenizer, char *message,
                               size_t message_capacity);

void limbeck_tokenizer_close(limbeck_tokenizer *tokenizer);

typedef struct limbeck_tokenize_options {
    uint32_t struct_size;
    uint32_t special_tokens; /* 0 or 1: add [CLS], [SEP] etc. according to the tokenizer's template; 2: add none */
    uint32_t max_length;     /* 0: no truncation; else truncate, longest first, to this many tokens, special tokens
                                included. Those are never removed: a smaller limit leaves only them */
    char *message;           /* receives the explanation of a failure, as for limbeck_tokenizer_open(); may be NULL */
    size_t message_capacity;
} limbeck_tokenize_options;

/* Tokenizes `text`, or the pair `text` and `pair` (pair NULL: a single text).
 * Writes per token: ids, types (the token type passed to the model), and the byte range [starts, ends) in its text;
 * added special tokens have an empty range. Any of the four arrays may be NULL. *count is set to the number of tokens,
 * also when the status is LIMBECK_CAPACITY; to count tokens, pass NULL for all arrays and capacity 0. */
int32_t limbeck_tokenize(const limbeck_tokenizer *tokenizer, const char *text, size_t text_bytes, const char *pair,
                         size_t pair_bytes, const limbeck_tokenize_options *options, int32_t *ids, int32_t *types, uint32_t *starts,
                         uint32_t *ends, size_t capacity, size_t *count);

/* The number of ids: every id is below it. Some ids below it may have no token. */
size_t limbeck_tokenizer_vocab_size(const limbeck_tokenizer *tokenizer);

/* Writes the token `id` as spelt in the vocabulary ("##ing"), without a NUL. *count is set to its length in bytes.
 * LIMBECK_ID_OUT_OF_RANGE if no token has this id. */
int32_t limbeck_tokenizer_token(const limbeck_tokenizer *tokenizer, int32_t id, char *token, size_t capacity, size_t *count);

/* Looks up the id of a token, special tokens included. LIMBECK_ID_OUT_OF_RANGE if there is no such token. */
int32_t limbeck_tokenizer_id(const limbeck_tokenizer *tokenizer, const char *token, size_t token_bytes, int32_t *id);

/* ---- Model ------------------------------------------------------------------------------------------------------ */

typedef struct limbeck_model limbeck_model;

/* Opens one of: a pack that limbeck_pack() wrote; a model folder in the Hugging Face format: config.json, the weights
 * (model.safetensors, pytorch_model.bin, or several shards of either with their index), and tokenizer.json, vocab.txt or
 * vocab.json; a GGUF file, or a folder that contains one and no other weights. Everything is checked here: once a model is
 * open, no call fails because of the contents of its files.
 * On failure *model is NULL and `message` explains, as for limbeck_tokenizer_open(). */
int32_t limbeck_model_open(const char *path, size_t path_bytes, limbeck_model **model, char *message, size_t message_capacity);

void limbeck_model_close(limbeck_model *model);

enum {
    LIMBECK_FAMILY_BERT = 1, /* also TinyBERT, MiniLM, Chinese BERT-wwm and RBT */
    LIMBECK_FAMILY_DISTILBERT = 2,
    LIMBECK_FAMILY_ROBERTA = 3, /* also DistilRoBERTa, CamemBERT and XLM-RoBERTa */
    LIMBECK_FAMILY_ALBERT = 4,
    LIMBECK_FAMILY_ELECTRA = 5,
    LIMBECK_FAMILY_MPNET = 6,
    LIMBECK_FAMILY_MOBILEBERT = 7,
    LIMBECK_FAMILY_DEBERTA = 8, /* v2 and v3 */
    LIMBECK_FAMILY_MODERNBERT = 9,
    LIMBECK_FAMILY_NOMIC_BERT = 10,
    LIMBECK_FAMILY_FASTBERT =
        11 /* as its authors save it; the exits of DeeBERT, PABEE and ElasticBERT are BERT's, RoBERTa's, ALBERT's */
};

/* When a text leaves the encoder at an exit, p being the softmax of the exit's logits. */
enum {
    LIMBECK_EXIT_DEFAULT = 0,           /* the model's own rule */
    LIMBECK_EXIT_ENTROPY = 1,           /* -sum p ln p is below the threshold (DeeBERT, ElasticBERT) */
    LIMBECK_EXIT_UNCERTAINTY = 2,       /* -sum p ln p / ln(labels) is at most the threshold (FastBERT) */
    LIMBECK_EXIT_UNCERTAINTY_BELOW = 3, /* the same, below the threshold (FastBERT as the PyPI package fastbert saves it) */
    LIMBECK_EXIT_PATIENCE = 4,          /* so many exits in a row have agreed with the one before (PABEE) */
    LIMBECK_EXIT_NEVER = 5              /* at none before the last, whatever the default of a pack */
};

/* The tasks a model supports: bits of limbeck_model_info_t.answers. */
enum {
    LIMBECK_CAN_EMBED = 1,
    LIMBECK_CAN_CLASSIFY = 2,
    LIMBECK_CAN_RERANK = 4,
    LIMBECK_CAN_TAG = 8,
    LIMBECK_CAN_ANSWER = 16,
    LIMBECK_CAN_FILL = 32
};

/* The format in which a model stores its weights. */
enum {
    LIMBECK_PRECISION_DEFAULT = 0, /* when packing: int8 */
    LIMBECK_PRECISION_F32 = 1,
    LIMBECK_PRECISION_F16 = 2,  /* half the size; computed in float32 */
    LIMBECK_PRECISION_INT8 = 3, /* 8-bit integers; the inputs of matrix products are quantised to 8 bits too */
    LIMBECK_PRECISION_INT4 = 4  /* 4-bit integers, in groups with one scale each */
};

typedef struct limbeck_model_info_t {
    uint32_t struct_size;
    uint32_t family;        /* LIMBECK_FAMILY_* */
    uint32_t answers;       /* LIMBECK_CAN_* bits; calls that take texts also need has_tokenizer */
    uint32_t has_tokenizer; /* 0 or 1 */
    uint32_t hidden_size;
    uint32_t layers;
    uint32_t attention_heads;
    uint32_t intermediate_size;
    uint32_t vocab_size;
    uint32_t max_length;     /* the number of tokens, special tokens included, to which texts are truncated */
    uint32_t max_positions;  /* the longest sequence limbeck_forward() accepts */
    uint32_t label_count;    /* 0 without a classification or tagging head */
    uint32_t embedding_size; /* number of floats in a vector of limbeck_embed() */
    uint32_t precision;      /* LIMBECK_PRECISION_*; F32 for everything but packs */
    uint64_t parameters;     /* total number of elements of the tensors that are used */
    uint64_t mapped_bytes;   /* size of the weight file, mapped and shared between processes */
    uint64_t private_bytes;  /* memory of this process on top of that: weights in panels and the tokenizer's tables */
    uint32_t prompt_count;
    int32_t default_prompt;   /* the prompt prepended to texts when a call names none; -1: none */
    uint64_t most_dimensions; /* maximum of limbeck_embed_options.dimensions: embedding_size; more if the folder truncates */
    uint32_t exits;           /* of a model with early exits, their number, its own head after all layers included; else 0 */
    uint32_t exit_rule;       /* LIMBECK_EXIT_*, the rule of the code that the model is from; 0 without exits */
    float exit_threshold;     /* the default of limbeck_set_exit_default(): a threshold, or */
    uint32_t exit_patience;   /* a patience; 0: none */
} limbeck_model_info_t;

/* Fills the members that fit in info->struct_size. */
int32_t limbeck_model_info(const limbeck_model *model, limbeck_model_info_t *info);

/* Writes the name of a label, without a NUL. *count is set to its length in bytes. */
int32_t limbeck_model_label(const limbeck_model *model, int32_t label, char *name, size_t capacity, size_t *count);

/* The same without the prefix of the tagging scheme, such as "B-" or "I-" (everything up to the first hyphen). This is the name of
 * an aggregated span of limbeck_tag(). */
int32_t limbeck_model_entity(const limbeck_model *model, int32_t label, char *name, size_t capacity, size_t *count);

/* Writes the name and the text of a prompt, without a NUL; either may be skipped with NULL and capacity 0. *name_count and
 * *text_count are set to their lengths in bytes. A prompt is a text that a model expects in front of its input, such as "query: ".
 * All models except cross-encoders have at least the prompts "query" and "document", as in sentence-transformers; their text may
 * be empty. */
int32_t limbeck_model_prompt(const limbeck_model *model, uint32_t prompt, char *name, size_t name_capacity, size_t *name_count,
                             char *text, size_t text_capacity, size_t *text_count);

/* The model's tokenizer, to be closed with limbeck_tokenizer_close(), in any order. LIMBECK_NO_TOKENIZER if there is none. */
int32_t limbeck_model_tokenizer(const limbeck_model *model, limbeck_tokenizer **tokenizer);

/* Called on the thread of the running call, 20 to 50 times a second; calls of a few milliseconds finish without calling it. A
 * nonzero return value ends the call: it returns LIMBECK_INTERRUPTED shortly afterwards, and the contents of its buffers are
 * unspecified. The callback must not use the session that calls it. */
typedef int32_t (*limbeck_interrupt)(void *context);

/* ---- Pack ------------------------------------------------------------------------------------------------------- */

/* The stages of limbeck_pack(). */
enum {
    LIMBECK_PACK_READING = 1,
    LIMBECK_PACK_QUANTIZING = 2,
    LIMBECK_PACK_REFERENCES = 3, /* computing the answers that limbeck_verify() compares */
    LIMBECK_PACK_WRITING = 4
};

/* Called on the thread of limbeck_pack(). `fraction`, 0 to 1, is the completed part of `stage` (LIMBECK_PACK_*). */
typedef void (*limbeck_pack_progress)(void *context, uint32_t stage, double fraction);

typedef struct limbeck_pack_options {
    uint32_t struct_size;
    uint32_t precision;             /* LIMBECK_PRECISION_* */
    const char *const *calibration; /* calibration texts for INT8 and INT4, similar to those in use; none: built-in texts */
    const size_t *calibration_bytes;
    size_t calibration_count;
    const char *const *references; /* texts whose answers are stored in the pack (the first few); none: built-in texts */
    const size_t *reference_bytes;
    size_t reference_count;
    limbeck_pack_progress progress; /* NULL: no progress reports */
    void *context;
    limbeck_interrupt interrupt; /* called with the same context; an interrupted call writes no file */
} limbeck_pack_options;

/* Writes a model as one file, a pack. The source is anything limbeck_model_open() accepts except a pack. A pack is memory-mapped
 * and opened without reading its weights: they are stored in the layout that the GEMM kernels use, and all processes that open the
 * pack share them. docs/pack.md describes the format.
 * The file is written completely or not at all, and a file it replaces is kept until then. LIMBECK_FILE_UNWRITABLE if the
 * operating system refuses. A source with a tensor that the model neither uses nor is known to ignore is refused. On failure
 * `message` explains, as for limbeck_tokenizer_open(). */
int32_t limbeck_pack(const char *path, size_t path_bytes, const char *out, size_t out_bytes, const limbeck_pack_options *options,
                     char *message, size_t message_capacity);

/* Reads a whole pack: compares its checksums, and computes the answers to its reference texts, which must be bit-identical to those
 * computed at packing. LIMBECK_FILE_MALFORMED on any difference; `message` says which. */
int32_t limbeck_verify(const char *path, size_t path_bytes, char *message, size_t message_capacity);

/* Writes into a pack with exits when a text leaves in calls that do not say: by a threshold for all exits, or by patience, as in
 * limbeck_classify_options; both 0: at the last exit. The pack is replaced by a new file, as limbeck_pack() does, with the same
 * tensors. LIMBECK_UNSUPPORTED without exits. */
int32_t limbeck_set_exit_default(const char *path, size_t path_bytes, float threshold, uint32_t patience, char *message,
                                 size_t message_capacity);

/* ---- Session ---------------------------------------------------------------------------------------------------- */

typedef struct limbeck_session limbeck_session;

enum {
    LIMBECK_KERNELS_BEST = 0, /* the best this CPU supports */
    LIMBECK_KERNELS_PORTABLE = 1,
    LIMBECK_KERNELS_AVX2 = 2,   /* with FMA and F16C */
    LIMBECK_KERNELS_AVX512 = 3, /* F, BW, DQ, VL */
    LIMBECK_KERNELS_NEON = 4,
    /* As above, with further instructions for the integer GEMM of models packed as int8 or int4. */
    LIMBECK_KERNELS_AVX_VNNI = 5,    /* AVX2 and AVX-VNNI */
    LIMBECK_KERNELS_AVX512_VNNI = 6, /* AVX-512 and AVX-512 VNNI */
    LIMBECK_KERNELS_AMX = 7,         /* the same and AMX. With LIMBECK_KERNELS_BEST, such a model and a CPU with AMX, a new
                                      * session requests permission to use AMX for the process (arch_prctl). The permission
                                      * is permanent, and makes signal frames larger. */
    LIMBECK_KERNELS_NEON_DOT = 8     /* NEON and its dot product instructions */
};

typedef struct limbeck_session_options {
    uint32_t struct_size;
    uint32_t threads;            /* 0: the number of CPUs this process may use, by its affinity and its cgroup quota;
                          * 1: no thread is created; maximum 256 */
    uint32_t max_tokens;         /* 0: 512, or the model's max_length if that is larger; maximum 1048576. Bounds the memory: larger
                          * batches are split internally, with bit-identical results. One sequence must fit: texts are
                          * truncated to max_tokens if the model would accept more. */
    uint32_t kernels;            /* LIMBECK_KERNELS_*; LIMBECK_KERNELS_UNAVAILABLE if this CPU lacks it */
    limbeck_interrupt interrupt; /* NULL: calls cannot be interrupted */
    void *context;
    char *message; /* Receives the explanation when limbeck_session_new() or a later call of the session fails, as for
                          * limbeck_model_open(); empty after a call that succeeds. Must outlive the session. May be NULL. */
    size_t message_capacity;
    double depth;    /* 0: all layers; else a fraction of them, at most 1, spread over all, as DynaBERT (arXiv 2004.04037) drops the
                      * others: round(depth L) layers, half to even, of which the i-th is the model's floor(i / depth) */
    uint64_t layers; /* 0: all; n: the first n. Not with `depth`. The answers are those of the last layer that is run, with the
                      * model's own pooling and head, and limbeck_forward() counts only the layers that are run. The weights are not
                      * copied: sessions of several depths share them. */
    double width; /* 0: all; else a fraction, at most 1, of the attention heads and of the feed-forward network's columns, the first
                      * ones of each layer, as DynaBERT cuts layers as BERT's: round(width heads) heads, half to even, are left.
                      * LIMBECK_UNSUPPORTED for other layers. The weights are shared here too. */
} limbeck_session_options;

/* Allocates everything the session will ever need: no later call that succeeds allocates memory, except for the first one after a
 * fork(), which starts the session's threads in the new process. */
int32_t limbeck_session_new(const limbeck_model *model, const limbeck_session_options *options, limbeck_session **session);

void limbeck_session_free(limbeck_session *session);

typedef struct limbeck_session_info_t {
    uint32_t struct_size;
    uint32_t threads;
    uint32_t max_tokens;
    uint32_t kernels;      /* the instruction set in use */
    uint64_t memory_bytes; /* the session's scratch memory */
    uint64_t layers;       /* the number of layers that it runs */
    uint64_t exits;        /* the exits among them, as in limbeck_model_info_t */
    uint64_t heads;        /* the number of attention heads that it runs in a layer */
} limbeck_session_info_t;

/* Fills the members that fit in info->struct_size. */
int32_t limbeck_session_info(const limbeck_session *session, limbeck_session_info_t *info);

/* ---- Texts in, answers out -------------------------------------------------------------------------------------- */

enum {
    LIMBECK_POOLING_MODEL = 0, /* as the folder specifies; mean if it specifies none */
    LIMBECK_POOLING_MEAN = 1,
    LIMBECK_POOLING_CLS = 2,
    LIMBECK_POOLING_MAX = 3,
    LIMBECK_POOLING_POOLER = 4,               /* tanh(W x[CLS] + b) */
    LIMBECK_POOLING_MEAN_SQRT_LEN_TOKENS = 5, /* the sum divided by the square root of the number of tokens */
    LIMBECK_POOLING_WEIGHTEDMEAN = 6,         /* a weighted mean, with weights 1, 2, 3, ... in the order of the tokens */
    LIMBECK_POOLING_LASTTOKEN = 7
};

typedef struct limbeck_embed_options {
    uint32_t struct_size;
    uint32_t pooling;        /* LIMBECK_POOLING_*, overrides the folder's; LIMBECK_UNSUPPORTED if that concatenates several */
    uint32_t normalize;      /* L2. 0: as the folder specifies; 1: normalise at the end; 2: skip the folder's final normalisation */
    uint32_t dimensions;     /* 0: as the folder specifies; else keep this many leading ones, then normalise (Matryoshka) */
    uint32_t max_length;     /* 0: the model's; else truncate texts to this many tokens */
    const char *prompt;      /* prepended to every text, and tokenized with it; NULL: use prompt_name; empty: no prompt */
    size_t prompt_bytes;     /* maximum 16384 */
    const char *prompt_name; /* one of the model's prompts; NULL: its default. With `prompt` as well: LIMBECK_INVALID_ARGUMENT */
    size_t prompt_name_bytes;
} limbeck_embed_options;

/* One vector per text: `vectors` is (text_count, dimensions) floats, row-major. */
int32_t limbeck_embed(limbeck_session *session, const char *const *texts, const size_t *text_bytes, size_t text_count,
                      const limbeck_embed_options *options, float *vectors, size_t capacity);

enum {
    LIMBECK_SCORES_MODEL = 0, /* in a folder written by sentence-transformers' CrossEncoder, as it computes them; else sigmoid for a
                                * multi_label_classification model or a single label; raw logits for a regression; else softmax */
    LIMBECK_SCORES_SOFTMAX = 1,
    LIMBECK_SCORES_SIGMOID = 2,
    LIMBECK_SCORES_RAW = 3
};

typedef struct limbeck_classify_options {
    uint32_t struct_size;
    uint32_t scores;     /* LIMBECK_SCORES_* */
    float temperature;   /* logits are divided by it before the softmax or sigmoid; 0 means 1 */
    uint32_t max_length; /* as in limbeck_embed_options */
    const char *prompt;  /* as in limbeck_embed_options; for a pair, prepended to the first text. The default prompt of a cross- */
    size_t prompt_bytes; /* encoder applies to these calls; that of other models to limbeck_embed() */
    const char *prompt_name;
    size_t prompt_name_bytes;
    const float
        *exit_thresholds; /* of a model with exits: 1, or one for each exit but the last, where all leave that are left. At */
    size_t exit_threshold_count; /* least 0, which nothing is below. 0 of them, and no patience: the default of the pack, or else
                                    * all leave at the last exit */
    uint32_t exit_patience;      /* exits in a row that agree with the one before, by their best label; by an output within the
                                    * threshold, in a model with a single one. 0: not by patience */
    uint32_t exit_rule;          /* LIMBECK_EXIT_*; DEFAULT: the model's for thresholds (entropy if that is patience) */
    uint32_t *layers;            /* receives the number of layers after which each text left; NULL: not wanted */
    size_t layer_capacity;
} limbeck_classify_options;

/* `scores` is (text_count, label_count) floats. `pairs` NULL: single texts; else text_count second texts (entailment, next
 * sentence), where an empty one counts as none. */
int32_t limbeck_classify(limbeck_session *session, const char *const *texts, const size_t *text_bytes, const char *const *pairs,
                         const size_t *pair_bytes, size_t text_count, const limbeck_classify_options *options, float *scores,
                         size_t capacity);

/* One score per document, in the order of the documents, from a cross-encoder with one label (by default its raw logit, or as its
 * folder specifies) or two (by default the probability of the second). Higher is more relevant. */
int32_t limbeck_rerank(limbeck_session *session, const char *query, size_t query_bytes, const char *const *documents,
                       const size_t *document_bytes, size_t document_count, const limbeck_classify_options *options, float *scores,
                       size_t capacity);

enum {
    LIMBECK_AGGREGATION_DEFAULT = 0, /* simple */
    LIMBECK_AGGREGATION_NONE = 1,    /* one span per token */
    LIMBECK_AGGREGATION_SIMPLE = 2,  /* adjacent tokens of the same label are joined; the score is the mean of theirs */
    LIMBECK_AGGREGATION_FIRST = 3,   /* a word takes the label of its first token */
    LIMBECK_AGGREGATION_AVERAGE = 4, /* a word takes the label with the highest mean score over its tokens */
    LIMBECK_AGGREGATION_MAX = 5      /* a word takes the label of its highest-scoring token */
};

typedef struct limbeck_tag_options {
    uint32_t struct_size;
    uint32_t aggregation;  /* LIMBECK_AGGREGATION_* */
    uint32_t keep_outside; /* 0: spans labelled "O" are omitted; 1: they are kept */
    uint32_t max_length;   /* as in limbeck_embed_options */
} limbeck_tag_options;

typedef struct limbeck_span {
    int32_t label;  /* its name: limbeck_model_label() without aggregation, limbeck_model_entity() with it */
    float score;    /* 0 to 1 */
    uint32_t start; /* bytes into the text */
    uint32_t end;
} limbeck_span;

/* Labelled spans in the order of the text, by the rules of the transformers token-classification pipeline. */
int32_t limbeck_tag(limbeck_session *session, const char *text, size_t text_bytes, const limbeck_tag_options *options,
                    limbeck_span *spans, size_t capacity, size_t *count);

typedef struct limbeck_answer_options {
    uint32_t struct_size;
    uint32_t top_k;             /* 0: 1; maximum 1000 */
    uint32_t max_answer_length; /* in tokens; 0: 15 */
    uint32_t max_length;        /* tokens in one window, question included; 0: 384, or the model's if that is smaller */
    uint32_t stride;            /* overlap of windows in tokens; 0: 128, or half a window if that is smaller */
    uint32_t allow_none;        /* 1: "no answer" is a candidate, as an empty span (handle_impossible_answer) */
} limbeck_answer_options;

typedef struct limbeck_answer {
    float score;
    uint32_t start; /* bytes into the context */
    uint32_t end;
} limbeck_answer;

/* The top_k spans of `context` that answer `question`, best first, by the rules of the transformers question-answering pipeline. */
int32_t limbeck_answer_question(limbeck_session *session, const char *question, size_t question_bytes, const char *context,
                                size_t context_bytes, const limbeck_answer_options *options, limbeck_answer *answers,
                                size_t capacity, size_t *count);

typedef struct limbeck_fill_options {
    uint32_t struct_size;
    uint32_t top_k;      /* 0: 5 */
    uint32_t max_length; /* as in limbeck_embed_options */
} limbeck_fill_options;

typedef struct limbeck_candidate {
    int32_t token; /* its text: limbeck_tokenizer_token() */
    float score;   /* its probability */
    uint32_t mask; /* index of the mask in the text, from 0 */
} limbeck_candidate;

/* For every mask token in `text` ("[MASK]"), in order, the top_k most probable tokens, best first. */
int32_t limbeck_fill(limbeck_session *session, const char *text, size_t text_bytes, const limbeck_fill_options *options,
                     limbeck_candidate *candidates, size_t capacity, size_t *count);

/* ---- Ids in, tensors out --------------------------------------------------------------------------------------- */

enum {
    LIMBECK_OUTPUT_HIDDEN = 1,  /* (tokens, hidden_size), all sequences as a packed batch: the hidden state after `layer` */
    LIMBECK_OUTPUT_POOLED = 2,  /* (sequences, hidden_size): the output of the pooler */
    LIMBECK_OUTPUT_LOGITS = 3,  /* the head's logits: (sequences, label_count) for classification, (tokens, label_count) for
                                * tagging, (tokens, 2) start and end for question answering, (tokens, vocab_size) for masked
                                * language modelling, (tokens, 1) for replaced token detection */
    LIMBECK_OUTPUT_BRANCHES = 4 /* (sequences, exits, label_count): the logits of all exits of the session's layers */
};

/* Runs a packed batch: `sequence_count` sequences of lengths[i] ids, stored back to back in `ids`. `types` are their token types,
 * or NULL for all 0. `layer` applies to LIMBECK_OUTPUT_HIDDEN only: 0 is the embedding output, n the state after n layers, -1 the
 * last. *count is set to the number of floats, also when the status is LIMBECK_CAPACITY. */
int32_t limbeck_forward(limbeck_session *session, const int32_t *ids, const int32_t *types, const size_t *lengths,
                        size_t sequence_count, uint32_t output, int32_t layer, float *values, size_t capacity, size_t *count);

/* The same batch through a model with exits: `logits` is (sequences, label_count), each sequence's from the exit where it left.
 * What is asked of the exits, and where the layers go, are members of `options`; its other members do not matter. */
int32_t limbeck_exits(limbeck_session *session, const int32_t *ids, const int32_t *types, const size_t *lengths,
                      size_t sequence_count, const limbeck_classify_options *options, float *logits, size_t capacity,
                      size_t *count);

#ifdef __cplusplus
}
#endif

#endif /* LIMBECK_H */
