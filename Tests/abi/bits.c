/* Prints a fingerprint of every bit that a model computes: run with several instruction sets and CPUs, it must not change.
 * usage: bits KERNELS MODEL...   KERNELS: LIMBECK_KERNELS_*. The exit code is 69 if this CPU lacks them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limbeck.h"

static uint64_t fingerprint(const float *values, size_t count) {
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, values + i, sizeof bits);
        hash = (hash ^ bits) * 1099511628211u;
    }
    return hash;
}

/* 0: printed. Otherwise the status. `output` 0: what leaves at the exits, with the layers before that. */
static int32_t print(limbeck_session *session, uint32_t vocab, size_t longest, uint32_t output) {
    size_t lengths[] = {longest, 1, 2 * longest / 3, 7 < longest ? 7 : longest}, total = 0, count = 0;
    for (size_t i = 0; i < 4; i++) total += lengths[i];
    int32_t *ids = malloc(total * sizeof *ids);
    uint32_t state = 1;
    for (size_t i = 0; i < total; i++) {
        state = state * 1664525u + 1013904223u;
        ids[i] = (int32_t)((state >> 8) % vocab);
    }
    float threshold = 0.5f;
    uint32_t layers[4] = {0};
    limbeck_classify_options exits = {.struct_size = sizeof exits,
                                      .exit_thresholds = &threshold,
                                      .exit_threshold_count = 1,
                                      .layers = layers,
                                      .layer_capacity = 4};
    float *values = NULL;
    int32_t status = LIMBECK_CAPACITY;
    for (int pass = 0; pass < 2 && status == LIMBECK_CAPACITY; pass++) {
        if (pass) values = malloc(count * sizeof *values + 1);
        if (output) status = limbeck_forward(session, ids, NULL, lengths, 4, output, -1, values, pass ? count : 0, &count);
        else status = limbeck_exits(session, ids, NULL, lengths, 4, &exits, values, pass ? count : 0, &count);
    }
    if (status == LIMBECK_OK) printf(" %016llx", (unsigned long long)fingerprint(values, count));
    if (status == LIMBECK_OK && !output) printf(" %u,%u,%u,%u", layers[0], layers[1], layers[2], layers[3]);
    free(values);
    free(ids);
    return status;
}

int main(int argc, char **argv) {
    if (argc < 3) return 64;
    limbeck_session_options options = {.struct_size = sizeof options, .threads = 2, .kernels = (uint32_t)atoi(argv[1])};
    for (int i = 2; i < argc; i++) {
        /* Of a model that is made to be cut, a part. */
        options.width = options.depth = strstr(argv[i], "dynabert") ? 0.5 : 0;
        char message[512];
        limbeck_model *model;
        limbeck_session *session;
        if (limbeck_model_open(argv[i], strlen(argv[i]), &model, message, sizeof message) != LIMBECK_OK) {
            fprintf(stderr, "%s\n", message);
            return 1;
        }
        limbeck_model_info_t info = {.struct_size = sizeof info};
        limbeck_model_info(model, &info);
        int32_t status = limbeck_session_new(model, &options, &session);
        if (status != LIMBECK_OK) {
            fprintf(stderr, "%s\n", limbeck_status_string(status));
            return status == LIMBECK_KERNELS_UNAVAILABLE ? 69 : 2;
        }
        const char *name = strrchr(argv[i], '/');
        printf("%s", name ? name + 1 : argv[i]);
        size_t longest = info.max_positions < 64 ? info.max_positions : 64;
        for (uint32_t output = info.exits ? 0 : 1; output <= (info.exits ? LIMBECK_OUTPUT_BRANCHES : LIMBECK_OUTPUT_LOGITS);
             output++) {
            status = print(session, info.vocab_size, longest, output);
            if (status == LIMBECK_UNSUPPORTED) printf(" -");
            else if (status != LIMBECK_OK) return 3;
        }
        printf("\n");
        limbeck_session_free(session);
        limbeck_model_close(model);
    }
    return 0;
}
