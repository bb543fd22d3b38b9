/* The layout that compiled programs rely on. A change that breaks a line here breaks them. */
#include "limbeck.h"
#include "limbeck_distil.h"

#define PIN(condition) _Static_assert(condition, #condition)

PIN(offsetof(limbeck_tokenize_options, message) == 16);
PIN(sizeof(limbeck_tokenize_options) == 16 + 2 * sizeof(void *));
PIN(sizeof(limbeck_model_info_t) == 112);
PIN(offsetof(limbeck_model_info_t, exits) == 96);
PIN(offsetof(limbeck_model_info_t, exit_threshold) == 104);
PIN(offsetof(limbeck_model_info_t, prompt_count) == 80);
PIN(offsetof(limbeck_model_info_t, parameters) == 56);
PIN(offsetof(limbeck_model_info_t, precision) == 52);
PIN(offsetof(limbeck_pack_options, interrupt) == 8 + 8 * sizeof(void *));
PIN(sizeof(limbeck_pack_options) == 8 + 9 * sizeof(void *));
PIN(offsetof(limbeck_session_options, interrupt) == 16);
PIN(offsetof(limbeck_session_options, depth) == 16 + 4 * sizeof(void *));
PIN(offsetof(limbeck_session_options, width) == 32 + 4 * sizeof(void *));
PIN(sizeof(limbeck_session_options) == 40 + 4 * sizeof(void *));
PIN(offsetof(limbeck_session_info_t, layers) == 24);
PIN(offsetof(limbeck_session_info_t, heads) == 40);
PIN(sizeof(limbeck_session_info_t) == 48);
PIN(sizeof(limbeck_embed_options) == (20 + sizeof(void *) - 1) / sizeof(void *) * sizeof(void *) + 4 * sizeof(void *));
PIN(offsetof(limbeck_embed_options, max_length) == 16);
PIN(offsetof(limbeck_classify_options, exit_thresholds) == 16 + 4 * sizeof(void *));
PIN(sizeof(limbeck_classify_options) == 24 + 8 * sizeof(void *));
PIN(sizeof(limbeck_tag_options) == 16);
PIN(sizeof(limbeck_span) == 16);
PIN(sizeof(limbeck_answer_options) == 24);
PIN(sizeof(limbeck_answer) == 12);
PIN(sizeof(limbeck_fill_options) == 12);
PIN(sizeof(limbeck_candidate) == 12);
PIN(sizeof(limbeck_distil_progress_t) == 16 + (sizeof(void *) + 7) / 8 * 8 + 6 * 8);
PIN(offsetof(limbeck_distil_progress_t, stage_name) == 16);
PIN(offsetof(limbeck_distil_progress_t, loss) == 16 + (sizeof(void *) + 7) / 8 * 8 + 2 * 8);
PIN(offsetof(limbeck_distil_options, overrides) == 16);
PIN(sizeof(limbeck_distil_options) == 16 + 5 * sizeof(void *));
PIN(sizeof(limbeck_distil_plan_t) == 48);

/* The preprocessor alone can make a string of numbers, so these two functions are here and not in Swift. */
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

uint32_t limbeck_version(void) { return LIMBECK_VERSION_MAJOR << 16 | LIMBECK_VERSION_MINOR << 8 | LIMBECK_VERSION_PATCH; }

uint32_t limbeck_distil_version(void) { return limbeck_version(); }

const char *limbeck_version_string(void) {
    return TEXT(LIMBECK_VERSION_MAJOR) "." TEXT(LIMBECK_VERSION_MINOR) "." TEXT(LIMBECK_VERSION_PATCH);
}
