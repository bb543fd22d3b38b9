/* Trains a student by a recipe and prints a fingerprint of its weights: with other threads, instruction sets and CPUs it must not change.
 * usage: train RECIPE OUTPUT THREADS KERNELS   KERNELS: LIMBECK_KERNELS_*. The exit code is 69 if this CPU lacks them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limbeck_distil.h"

int main(int count, char **arguments) {
    if (count != 5) return 64;
    char output[4096], path[4200], message[512];
    snprintf(output, sizeof output, "output=%s", arguments[2]);
    const char *changes[] = {output};
    size_t bytes = strlen(output);
    limbeck_distil_options options = {.struct_size = sizeof options,
                                      .threads = (uint32_t)atoi(arguments[3]),
                                      .kernels = (uint32_t)atoi(arguments[4]),
                                      .restart = 1,
                                      .overrides = changes,
                                      .override_bytes = &bytes,
                                      .override_count = 1};
    int32_t status = limbeck_distil(arguments[1], strlen(arguments[1]), &options, message, sizeof message);
    if (status != LIMBECK_OK) {
        fprintf(stderr, "%s: status %d: %s\n", arguments[1], (int)status, message);
        return status == LIMBECK_KERNELS_UNAVAILABLE ? 69 : 1;
    }
    snprintf(path, sizeof path, "%s/model.safetensors", arguments[2]);
    FILE *file = fopen(path, "rb");
    if (file == NULL) return 1;
    uint64_t hash = 14695981039346656037u;
    for (int byte; (byte = fgetc(file)) != EOF;) hash = (hash ^ (uint64_t)byte) * 1099511628211u;
    fclose(file);
    printf("%016llx\n", (unsigned long long)hash);
    return 0;
}
