/* The headers alone, first and twice, in every C there is: run.sh compiles this file only. */
#include <limbeck.h>
#include <limbeck_distil.h>

int32_t use(const limbeck_model *model, limbeck_session **session);

int32_t use(const limbeck_model *model, limbeck_session **session) {
    limbeck_session_options options = {0};
    options.struct_size = sizeof options;
    options.kernels = LIMBECK_KERNELS_BEST;
    return limbeck_session_new(model, &options, session);
}

int32_t train(limbeck_distil_progress progress);

int32_t train(limbeck_distil_progress progress) {
    limbeck_distil_options options = {0};
    options.struct_size = sizeof options;
    options.progress = progress;
    return limbeck_distil("recipe.json", 11, &options, NULL, 0);
}
