/* The instruction sets of this CPU, by architecture. */
#include "platform.h"
#include "system.h"

#if defined(__x86_64__)
#include <cpuid.h>

uint32_t platform_cpu_features(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
    const unsigned osxsave = 1u << 27, avx = 1u << 28, fma = 1u << 12, f16c = 1u << 29, wanted = osxsave | avx | fma | f16c;
    if ((c & wanted) != wanted) return 0;
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if ((low & 0x6) != 0x6) return 0; /* the operating system saves xmm and ymm */
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    if (!(b & (1u << 5))) return 0;
    uint32_t features = PLATFORM_AVX2;
    unsigned a1 = 0, b1, c1, d1;
    if (a >= 1 && __get_cpuid_count(7, 1, &a1, &b1, &c1, &d1) && (a1 & (1u << 4))) features |= PLATFORM_AVX_VNNI;
    const unsigned f = 1u << 16, dq = 1u << 17, bw = 1u << 30, vl = 1u << 31, all = f | dq | bw | vl;
    if ((b & all) != all || (low & 0xe6) != 0xe6) return features;
    features |= PLATFORM_AVX512;
    if (c & (1u << 11)) features |= PLATFORM_AVX512_VNNI;
    const unsigned tile = 1u << 24, int8 = 1u << 25, states = 3u << 17;
    if ((d & (tile | int8)) == (tile | int8) && (low & states) == states) features |= PLATFORM_AMX;
    return features;
}
#elif defined(__aarch64__)
uint32_t platform_cpu_features(void) { return platform_has_dot_products() ? PLATFORM_NEON | PLATFORM_NEON_DOT : PLATFORM_NEON; }
#else
uint32_t platform_cpu_features(void) { return 0; }
#endif
