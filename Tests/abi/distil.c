/* Training from C: its arguments, reports, an interrupted run that goes on, and that only the student is written. The folder has a recipe.json,
 * a case of Tests/golden/losses as scripts/loss-case.py writes it, of three steps. */
#include "abi.h"
#include <limbeck_distil.h>

static char message[512];
static char recipe[4096];

static int32_t distil(const limbeck_distil_options *options) {
    return limbeck_distil(recipe, strlen(recipe), options, message, sizeof message);
}

/* Options with these changes; the strings outlive them. */
static limbeck_distil_options with(const char *const *changes, size_t *lengths, size_t count) {
    limbeck_distil_options options = {0};
    options.struct_size = sizeof options;
    for (size_t index = 0; index < count; index++) lengths[index] = strlen(changes[index]);
    options.overrides = changes;
    options.override_bytes = lengths;
    options.override_count = count;
    return options;
}

typedef struct seen {
    int calls;
    uint64_t stop; /* the step after which the run is to end; 0: none */
    uint64_t first, last;
    double loss;
} seen;

static int32_t see(void *context, const limbeck_distil_progress_t *progress) {
    seen *seen = context;
    EXPECT(progress->struct_size == sizeof *progress && progress->stage == 0 && progress->stage_count == 1);
    EXPECT(progress->stage_name_bytes == 6 && memcmp(progress->stage_name, "hinton", 6) == 0);
    EXPECT(progress->step > seen->last && progress->step <= progress->step_count && progress->tokens_per_second > 0);
    if (seen->calls++ == 0) seen->first = progress->step;
    seen->last = progress->step;
    seen->loss = progress->loss;
    return progress->step == seen->stop;
}

/* A hash of a file; 0: there is none. */
static uint64_t hash(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return 0;
    uint64_t hash = 14695981039346656037u;
    for (int byte; (byte = fgetc(file)) != EOF;) hash = (hash ^ (uint64_t)byte) * 1099511628211u;
    fclose(file);
    return hash;
}

int main(int count, char **arguments) {
    start(count, arguments);
    snprintf(recipe, sizeof recipe, "%s/recipe.json", folder);
    EXPECT(limbeck_distil_version() == (LIMBECK_VERSION_MAJOR << 16 | LIMBECK_VERSION_MINOR << 8 | LIMBECK_VERSION_PATCH));

    /* Arguments. */
    size_t lengths[4];
    limbeck_distil_options options = with(NULL, NULL, 0);
    EXPECT(limbeck_distil(NULL, 1, &options, message, sizeof message) == LIMBECK_INVALID_ARGUMENT);
    EXPECT(limbeck_distil("a\0b", 3, &options, message, sizeof message) == LIMBECK_INVALID_ARGUMENT);
    EXPECT(limbeck_distil("/nowhere", 8, NULL, message, sizeof message) == LIMBECK_FILE_NOT_FOUND);
    EXPECT(strncmp(message, "/nowhere: ", 10) == 0);
    EXPECT(limbeck_distil("/nowhere", 8, NULL, NULL, 0) == LIMBECK_FILE_NOT_FOUND);
    options.struct_size = 4;
    EXPECT(distil(&options) == LIMBECK_INVALID_ARGUMENT);
    options = with(NULL, NULL, 0);
    options.threads = 257;
    EXPECT(distil(&options) == LIMBECK_INVALID_ARGUMENT && strstr(message, "threads is 257") != NULL);
    options = with(NULL, NULL, 0);
    options.kernels = 99;
    EXPECT(distil(&options) == LIMBECK_INVALID_ARGUMENT);
    options = with(NULL, NULL, 0);
    options.restart = 2;
    EXPECT(distil(&options) == LIMBECK_INVALID_ARGUMENT);
    options = with(NULL, NULL, 0);
    options.override_count = 1;
    EXPECT(distil(&options) == LIMBECK_INVALID_ARGUMENT && strstr(message, "overrides") != NULL);
    const char *const without[] = {"stages.0.steps"};
    options = with(without, lengths, 1);
    EXPECT(distil(&options) == LIMBECK_INVALID_ARGUMENT && strstr(message, "has no '='") != NULL);
    const char *const unknown[] = {"stages.0.epoch=1"};
    options = with(unknown, lengths, 1);
    EXPECT(distil(&options) == LIMBECK_FILE_MALFORMED && strstr(message, "'stages.0.epoch' is unknown") != NULL);

    /* The plan. */
    char model[5100], checkpoint[5100];
    snprintf(model, sizeof model, "%s/from-c/model.safetensors", folder);
    snprintf(checkpoint, sizeof checkpoint, "%s/from-c/checkpoint.safetensors", folder);
    remove(model); /* the same test against the other form of the library */
    remove(checkpoint);
    char output[5100];
    snprintf(output, sizeof output, "output=%s/from-c", folder);
    const char *const changes[] = {output, "stages.0.steps=9", "record_gradients=[]", "stages.0.optimizer.learning_rate=0.001"};
    options = with(changes, lengths, 4);
    limbeck_distil_plan_t plan = {0};
    EXPECT(limbeck_distil_plan(recipe, strlen(recipe), &options, &plan, message, sizeof message) == LIMBECK_INVALID_ARGUMENT);
    plan.struct_size = sizeof plan;
    EXPECT(limbeck_distil_plan(recipe, strlen(recipe), &options, NULL, message, sizeof message) == LIMBECK_INVALID_ARGUMENT);
    EXPECT(limbeck_distil_plan(recipe, strlen(recipe), &options, &plan, message, sizeof message) == LIMBECK_OK);
    EXPECT(plan.stage_count == 1 && plan.step_count == 9 && plan.parameters == 17821 && plan.trained_parameters == 17821);
    EXPECT(plan.tokens_per_batch == 60 && plan.memory_bytes > 4 * 17821);
    EXPECT(hash(model) == 0 && hash(checkpoint) == 0);

    /* A run, the same in two parts, and the same again. */
    seen whole = {0}, first = {0}, second = {0}, third = {0};
    options.progress = see;
    options.context = &whole;
    EXPECT(distil(&options) == LIMBECK_OK && message[0] == 0);
    EXPECT(whole.calls == 9 && whole.last == 9);
    uint64_t expected = hash(model);
    EXPECT(expected != 0 && hash(checkpoint) == 0);
    remove(model);
    first.stop = 4;
    options.context = &first;
    EXPECT(distil(&options) == LIMBECK_INTERRUPTED && first.calls == 4 && strstr(message, "step 4 of 9") != NULL);
    EXPECT(hash(model) == 0 && hash(checkpoint) != 0);
    options.context = &second;
    options.threads = 2;
    options.kernels = LIMBECK_KERNELS_PORTABLE;
    EXPECT(distil(&options) == LIMBECK_OK && second.first == 5 && second.calls == 5);
    EXPECT(hash(model) == expected && hash(checkpoint) == 0);
    first.calls = 0, first.last = 0;
    options.context = &first;
    EXPECT(distil(&options) == LIMBECK_INTERRUPTED);
    options.context = &third;
    options.restart = 1;
    EXPECT(distil(&options) == LIMBECK_OK && third.first == 1 && third.calls == 9 && hash(model) == expected);
    EXPECT(third.loss == whole.loss);

    return finish();
}
