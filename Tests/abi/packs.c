/* Packs models into FOLDER, as int8, int4 and float16: NAME.int8.limbeck and so on. On every CPU the same files.
 * usage: packs FOLDER MODEL... */
#include <stdio.h>
#include <string.h>

#include "limbeck.h"

static const struct {
    uint32_t precision;
    const char *name;
} precisions[] = {{LIMBECK_PRECISION_INT8, "int8"}, {LIMBECK_PRECISION_INT4, "int4"}, {LIMBECK_PRECISION_F16, "f16"}};

int main(int argc, char **argv) {
    if (argc < 3) return 64;
    for (int i = 2; i < argc; i++) {
        const char *name = strrchr(argv[i], '/');
        for (size_t k = 0; k < sizeof precisions / sizeof *precisions; k++) {
            char out[4096], message[512];
            int bytes = snprintf(out, sizeof out, "%s/%s.%s.limbeck", argv[1], name ? name + 1 : argv[i], precisions[k].name);
            if (bytes < 0 || (size_t)bytes >= sizeof out) return 64;
            limbeck_pack_options options = {0};
            options.struct_size = sizeof options;
            options.precision = precisions[k].precision;
            if (limbeck_pack(argv[i], strlen(argv[i]), out, (size_t)bytes, &options, message, sizeof message) != LIMBECK_OK ||
                limbeck_verify(out, (size_t)bytes, message, sizeof message) != LIMBECK_OK) {
                fprintf(stderr, "%s\n", message);
                return 1;
            }
        }
    }
    return 0;
}
