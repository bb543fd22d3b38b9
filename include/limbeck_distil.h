/* limbeck_distil.h: a teacher in, a student out: distillation and fine-tuning of Transformer encoders by a recipe.
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A library of its own, liblimbeck-distil, which does not need liblimbeck: a program that only runs students links that one alone.
 * The rules of limbeck.h hold here too, for statuses, messages, strings and structs; its constants are used here. A recipe is a JSON
 * file, and docs/distillation.md describes it. Valid as C99, C11 and C++11 or later.
 *
 * Threads.  A call may be made on any thread, and calls at the same time are independent, if their recipes write to different folders.
 *           A process that has called fork() during a call must not go on with that call in the child.
 * Never.    The library does not abort, print, read environment variables, install signal handlers, or keep global state. It writes
 *           to the recipe's output folder alone. The files of the recipe must not be truncated while a call runs: they are mapped.
 * Bits.     A recipe gives the same student, bit for bit, whatever the number of threads, the instruction set, and how often the run
 *           was interrupted.
 */
#ifndef LIMBECK_DISTIL_H
#define LIMBECK_DISTIL_H

#include "limbeck.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this library at run time, as limbeck_version(). */
uint32_t limbeck_distil_version(void);

/* Where a run is: after each step of the optimiser; for a static student, and while a teacher's vectors are computed, after some
 * tokens or texts, with a loss and a learning rate of 0. */
typedef struct limbeck_distil_progress_t {
    uint32_t struct_size; /* as the library was compiled */
    uint32_t stage;       /* counted from 0 */
    uint32_t stage_count;
    uint32_t stage_name_bytes;
    const char *stage_name; /* as in the recipe; valid during the call */
    uint64_t step;          /* the steps of the stage that are done, and all of them */
    uint64_t step_count;
    double loss; /* of this step: the weighted sum of its terms */
    double learning_rate;
    double tokens_per_second;
    double seconds_left; /* of the stage, as it went so far */
} limbeck_distil_progress_t;

/* Called on the thread of limbeck_distil(). It returns 0 to go on. With another value a checkpoint is written, and the call ends with
 * LIMBECK_INTERRUPTED; the same call goes on from there later. A static student has no checkpoints, and begins anew. */
typedef int32_t (*limbeck_distil_progress)(void *context, const limbeck_distil_progress_t *progress);

typedef struct limbeck_distil_options {
    uint32_t struct_size;
    uint32_t threads; /* 0: the CPUs this process may use; at most 256 */
    uint32_t kernels; /* LIMBECK_KERNELS_* */
    uint32_t restart; /* 0: goes on from a checkpoint of the same recipe, if there is one; 1: begins anew */
    /* Changes of the recipe: "stages.0.epochs=2", "data.texts=other.txt". What follows the first '=' is JSON, or else a
     * string. A path in the file is relative to the file's folder, one in an override to the current one. */
    const char *const *overrides;
    const size_t *override_bytes;
    size_t override_count;
    limbeck_distil_progress progress; /* NULL: no reports */
    void *context;
} limbeck_distil_options;

/* Trains the student of the recipe at `recipe`, and writes it, as a model folder, with its log and a picture of it, to the recipe's output
 * folder. All parts of the recipe, the models and the data are checked before the first step. On failure `message` explains, as for
 * limbeck_tokenizer_open(): a mistake in the recipe by the path of its key, its value and what was expected. */
int32_t limbeck_distil(const char *recipe, size_t recipe_bytes, const limbeck_distil_options *options, char *message,
                       size_t message_capacity);

/* What a run will do and need. */
typedef struct limbeck_distil_plan_t {
    uint32_t struct_size;
    uint32_t stage_count;
    uint64_t parameters;         /* of the student */
    uint64_t trained_parameters; /* those, and of projections, that the stage that trains the most trains */
    uint64_t step_count;         /* steps of the optimiser, of all stages */
    uint64_t tokens_per_batch;   /* the largest micro-batch */
    uint64_t memory_bytes; /* for parameters, gradients, the optimiser's state and a micro-batch, beside texts and tokenizer */
} limbeck_distil_plan_t;

/* Checks a recipe with its models and data, as limbeck_distil() does before the first step, and fills *plan (its struct_size set by the
 * caller). Of the options, `progress` is not called. */
int32_t limbeck_distil_plan(const char *recipe, size_t recipe_bytes, const limbeck_distil_options *options,
                            limbeck_distil_plan_t *plan, char *message, size_t message_capacity);

#ifdef __cplusplus
}
#endif

#endif
