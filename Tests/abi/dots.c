/* dots: products of bytes as vectors.h has them for the CPU this is compiled for, against their formula: all pairs of a byte with
 * a code, and the ends of the range to the largest depth. Says nothing if they are equal. Needs clang. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vectors.h"

enum { LARGEST_DEPTH = 65536 };

/* A byte of `a` and one of `w` in every place, `steps` times. */
static void check(int a, int w, int steps) {
    limbeck_int32x16 x, y, sum = 1, small = 1, omitted = 0;
    memset(&x, a, sizeof x);
    memset(&y, w, sizeof y);
    for (int step = 0; step < steps; step++) {
        sum = limbeck_dot(sum, x, y);
        small = limbeck_small_dot(small, x, y);
        omitted = limbeck_omitted(omitted, y);
    }
    sum = limbeck_complete(sum, omitted);
    const int wanted = 1 + 4 * steps * a * w;
    for (int lane = 0; lane < 16; lane++) {
        if (sum[lane] == wanted && (a > 127 || w == -128 || small[lane] == wanted)) continue;
        fprintf(stderr, "%d * %d, %d times 4: %d and %d, not %d\n", a, w, steps, sum[lane], small[lane], wanted);
        exit(1);
    }
}

/* Different bytes in every place: which goes with which. */
static void check_places(unsigned seed) {
    uint8_t a[64];
    int8_t w[64];
    for (int i = 0; i < 64; i++) {
        seed = seed * 1664525 + 1013904223;
        a[i] = (uint8_t)(seed >> 24);
        w[i] = (int8_t)(seed >> 16 & 255);
    }
    limbeck_int32x16 x, y;
    memcpy(&x, a, 64);
    memcpy(&y, w, 64);
    const limbeck_int32x16 sum = limbeck_complete(limbeck_dot(0, x, y), limbeck_omitted(0, y));
    for (int lane = 0; lane < 16; lane++) {
        int wanted = 0;
        for (int i = 4 * lane; i < 4 * lane + 4; i++) wanted += a[i] * w[i];
        if (sum[lane] == wanted) continue;
        fprintf(stderr, "lane %d of the bytes of seed %u: %d, not %d\n", lane, seed, sum[lane], wanted);
        exit(1);
    }
}

int main(void) {
    for (int a = 0; a < 256; a++)
        for (int w = -128; w < 128; w++) check(a, w, 1);
    for (int a = 0; a < 256; a += 255)
        for (int w = -127; w < 128; w += 254) check(a, w, LARGEST_DEPTH / 4);
    for (unsigned seed = 0; seed < 1000; seed++) check_places(seed);
    return 0;
}
