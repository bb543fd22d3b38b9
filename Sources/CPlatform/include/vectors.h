/* The vector operations that Swift cannot express, at the vector width that the including target is compiled for. All are exact,
 * or have one rounding to nearest even, so every instruction set gives the same bits. */
#ifndef LIMBECK_VECTORS_H
#define LIMBECK_VECTORS_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

typedef float limbeck_float32x16 __attribute__((ext_vector_type(16)));
typedef float limbeck_float32x4 __attribute__((ext_vector_type(4)));
typedef double limbeck_float64x4 __attribute__((ext_vector_type(4)));
typedef uint64_t limbeck_uint64x4 __attribute__((ext_vector_type(4)));
typedef int32_t limbeck_int32x16 __attribute__((ext_vector_type(16)));
typedef uint32_t limbeck_uint32x16 __attribute__((ext_vector_type(16)));
typedef uint16_t limbeck_uint16x16 __attribute__((ext_vector_type(16)));
typedef uint8_t limbeck_uint8x16 __attribute__((ext_vector_type(16)));
typedef int8_t limbeck_int8x16 __attribute__((ext_vector_type(16)));

#define LIMBECK_INLINE static inline __attribute__((always_inline))

/* Broadcasts. The compiler of Swift 6.3.1 crashes on its own broadcasts in the epilogue of a tile. */
LIMBECK_INLINE limbeck_float32x16 limbeck_all_float(float x) { return (limbeck_float32x16)x; }
LIMBECK_INLINE limbeck_int32x16 limbeck_all_int(int32_t x) { return (limbeck_int32x16)x; }

/* In Embedded Swift, the same compiler turned its own addition next to exponentials into a loop over lanes. */
LIMBECK_INLINE limbeck_float32x16 limbeck_add(limbeck_float32x16 a, limbeck_float32x16 b) { return a + b; }

/* a b + c, rounded once, on CPUs without FMA. In double precision:
 *
 * - The product of two floats is exact.
 * - The sum product + c is rounded; its error is computed too, exactly (TwoSum).
 * - The sum is rounded to odd: if it is inexact and its last bit is 0, it moves to the neighbour in the direction of the error.
 * - That, rounded to float, is what one rounding of the exact sum would have given (Boldo and Melquiond, "Emulation of a FMA and
 *   correctly rounded sums: proved algorithms using rounding to odd", 2008). */
LIMBECK_INLINE limbeck_float32x4 limbeck_emulated_fma4(limbeck_float32x4 a, limbeck_float32x4 b, limbeck_float32x4 c) {
#pragma clang fp contract(off) reassociate(off)
    limbeck_float64x4 product = __builtin_convertvector(a, limbeck_float64x4) * __builtin_convertvector(b, limbeck_float64x4);
    limbeck_float64x4 addend = __builtin_convertvector(c, limbeck_float64x4);
    limbeck_float64x4 sum = product + addend;
    limbeck_float64x4 virtual = sum - product;
    limbeck_float64x4 error = (product - (sum - virtual)) + (addend - virtual);
    limbeck_uint64x4 pattern = (limbeck_uint64x4)sum, sign = (limbeck_uint64x4)error ^ pattern;
    /* The odd neighbour of an even pattern towards the error; an odd pattern is its own. An infinite sum leaves NaN in the error, which
     * does not count as inexact. */
    limbeck_uint64x4 towards = (pattern - (sign >> 63)) | 1;
    limbeck_uint64x4 inexact = (limbeck_uint64x4)(error < 0.0) | (limbeck_uint64x4)(error > 0.0);
    limbeck_uint64x4 odd = (pattern & ~inexact) | (towards & inexact);
    return __builtin_convertvector((limbeck_float64x4)odd, limbeck_float32x4);
}

LIMBECK_INLINE limbeck_float32x16 limbeck_emulated_fma(limbeck_float32x16 a, limbeck_float32x16 b, limbeck_float32x16 c) {
    union {
        limbeck_float32x16 all;
        limbeck_float32x4 part[4];
    } x = {a}, y = {b}, z = {c};
    for (int i = 0; i < 4; i++) z.part[i] = limbeck_emulated_fma4(x.part[i], y.part[i], z.part[i]);
    return z.all;
}

/* The largest of non-negative numbers, which are ordered like their bits. */
LIMBECK_INLINE float limbeck_largest(limbeck_float32x16 x) {
    union {
        int32_t bits;
        float number;
    } largest = {__builtin_reduce_max((limbeck_int32x16)x)};
    return largest.number;
}

/* ---- Conversions ------------------------------------------------------------------------------------------------ */

LIMBECK_INLINE limbeck_float32x16 limbeck_floats(limbeck_int32x16 x) { return __builtin_convertvector(x, limbeck_float32x16); }

/* dots - zero * sums, exactly, then rounded once. */
LIMBECK_INLINE limbeck_float32x16 limbeck_centered(limbeck_int32x16 dots, int32_t zero, limbeck_int32x16 sums) {
    limbeck_uint32x16 exact = (limbeck_uint32x16)dots - (uint32_t)zero * (limbeck_uint32x16)sums;
    return __builtin_convertvector((limbeck_int32x16)exact, limbeck_float32x16);
}

LIMBECK_INLINE limbeck_float32x16 limbeck_floats_of_bytes(limbeck_int8x16 x) {
    return __builtin_convertvector(__builtin_convertvector(x, limbeck_int32x16), limbeck_float32x16);
}

/* Saturates to 0...255. */
LIMBECK_INLINE limbeck_uint8x16 limbeck_bytes(limbeck_int32x16 x) {
    x = __builtin_elementwise_min(__builtin_elementwise_max(x, (limbeck_int32x16)0), (limbeck_int32x16)255);
    return __builtin_convertvector(x, limbeck_uint8x16);
}

LIMBECK_INLINE limbeck_uint8x16 limbeck_low_bytes(limbeck_uint32x16 x) { return __builtin_convertvector(x, limbeck_uint8x16); }

/* Splits each of 64 numbers into the lowest seven bits, and the seven above them. */
LIMBECK_INLINE void limbeck_store_sevens(limbeck_uint32x16 a, limbeck_uint32x16 b, limbeck_uint32x16 c, limbeck_uint32x16 d,
                                         uint8_t *high, uint8_t *low) {
#if defined(__AVX512BW__)
    /* The pack instructions leave groups of four numbers of each input in turn. */
    __m512i mask = _mm512_set1_epi16(127);
    __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i bits = _mm512_set1_epi32(0x3FFF);
    __m512i ab = _mm512_packus_epi32(_mm512_and_si512((__m512i)a, bits), _mm512_and_si512((__m512i)b, bits));
    __m512i cd = _mm512_packus_epi32(_mm512_and_si512((__m512i)c, bits), _mm512_and_si512((__m512i)d, bits));
    __m512i above = _mm512_packus_epi16(_mm512_srli_epi16(ab, 7), _mm512_srli_epi16(cd, 7));
    __m512i below = _mm512_packus_epi16(_mm512_and_si512(ab, mask), _mm512_and_si512(cd, mask));
    _mm512_storeu_si512(high, _mm512_permutexvar_epi32(order, above));
    _mm512_storeu_si512(low, _mm512_permutexvar_epi32(order, below));
#else
    const limbeck_uint32x16 all[4] = {a, b, c, d};
    for (int i = 0; i < 4; i++) {
        limbeck_uint8x16 above = __builtin_convertvector(all[i] >> 7 & 127, limbeck_uint8x16);
        limbeck_uint8x16 below = __builtin_convertvector(all[i] & 127, limbeck_uint8x16);
        __builtin_memcpy(high + 16 * i, &above, 16);
        __builtin_memcpy(low + 16 * i, &below, 16);
    }
#endif
}

/* Transposes 16 bytes of each of four rows: the four bytes of a column become adjacent. */
LIMBECK_INLINE void limbeck_interleave(const void *rows, long stride, void *out) {
    limbeck_uint8x16 a, b, c, d;
    __builtin_memcpy(&a, rows, 16);
    __builtin_memcpy(&b, (const char *)rows + stride, 16);
    __builtin_memcpy(&c, (const char *)rows + 2 * stride, 16);
    __builtin_memcpy(&d, (const char *)rows + 3 * stride, 16);
    limbeck_uint32x16 columns = __builtin_convertvector(a, limbeck_uint32x16) | __builtin_convertvector(b, limbeck_uint32x16) << 8 |
                                __builtin_convertvector(c, limbeck_uint32x16) << 16 |
                                __builtin_convertvector(d, limbeck_uint32x16) << 24;
    __builtin_memcpy(out, &columns, 64);
}

LIMBECK_INLINE int32_t limbeck_sum(limbeck_uint32x16 x) { return (int32_t)__builtin_reduce_add(x); }

/* IEEE binary16 to binary32, exactly. */
LIMBECK_INLINE limbeck_float32x16 limbeck_floats_of_halves(limbeck_uint16x16 x) {
#if defined(__AVX512F__)
    return (limbeck_float32x16)_mm512_cvtph_ps((__m256i)x);
#elif defined(__F16C__)
    union {
        limbeck_uint16x16 all;
        __m128i half[2];
    } from = {x};
    union {
        limbeck_float32x16 all;
        __m256 half[2];
    } to;
    to.half[0] = _mm256_cvtph_ps(from.half[0]);
    to.half[1] = _mm256_cvtph_ps(from.half[1]);
    return to.all;
#else
    limbeck_uint32x16 bits = __builtin_convertvector(x, limbeck_uint32x16);
    limbeck_uint32x16 sign = (bits & 0x8000) << 16, magnitude = (bits & 0x7FFF) << 13;
    limbeck_uint32x16 endless = (limbeck_uint32x16)(magnitude >= (0x7C00u << 13));
    /* The exponent is too small by 112, which the multiplication corrects; infinities and NaN need the largest exponent. */
    limbeck_float32x16 scaled = (limbeck_float32x16)magnitude * 0x1p112f;
    return (limbeck_float32x16)(((limbeck_uint32x16)scaled & ~endless) | ((magnitude | 0x7F800000) & endless) | sign);
#endif
}

/* ---- int8 dot products ---------------------------------------------------------------------------------------- */

#if defined(__ARM_FEATURE_DOTPROD)
/* As `limbeck_dot` below, for signed bytes a. */
LIMBECK_INLINE limbeck_int32x16 limbeck_signed_dot(limbeck_int32x16 sum, limbeck_int32x16 a, limbeck_int32x16 w) {
    union {
        limbeck_int32x16 all;
        int32x4_t quarter[4];
        int8x16_t bytes[4];
    } s = {sum}, x = {a}, y = {w};
    for (int i = 0; i < 4; i++) s.quarter[i] = vdotq_s32(s.quarter[i], x.bytes[i], y.bytes[i]);
    return s.all;
}
#endif

/* sum[i] + a[4i] w[4i] + ... + a[4i + 3] w[4i + 3], for unsigned bytes a and signed bytes w, once `limbeck_complete` has added
 * what some CPUs omit. The order and the width of the sums cannot change the result as long as none overflows. */
LIMBECK_INLINE limbeck_int32x16 limbeck_dot(limbeck_int32x16 sum, limbeck_int32x16 a, limbeck_int32x16 w) {
#if defined(__AVX512VNNI__)
    return (limbeck_int32x16)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)a, (__m512i)w);
#elif defined(__AVX512BW__)
    /* Bytes 0 and 2 of each sum, then 1 and 3, widened to 16 bits: 8-bit multiply-adds would saturate. */
    __m512i even = _mm512_madd_epi16(_mm512_and_si512((__m512i)a, _mm512_set1_epi32(0x00FF00FF)),
                                     _mm512_srai_epi16(_mm512_slli_epi16((__m512i)w, 8), 8));
    __m512i odd = _mm512_madd_epi16(_mm512_srli_epi16((__m512i)a, 8), _mm512_srai_epi16((__m512i)w, 8));
    return (limbeck_int32x16)_mm512_add_epi32((__m512i)sum, _mm512_add_epi32(even, odd));
#elif defined(__AVX2__)
    union {
        limbeck_int32x16 all;
        __m256i half[2];
    } s = {sum}, x = {a}, y = {w};
    for (int i = 0; i < 2; i++) {
#if defined(__AVXVNNI__)
        s.half[i] = _mm256_dpbusd_avx_epi32(s.half[i], x.half[i], y.half[i]);
#else
        __m256i even = _mm256_madd_epi16(_mm256_and_si256(x.half[i], _mm256_set1_epi32(0x00FF00FF)),
                                         _mm256_srai_epi16(_mm256_slli_epi16(y.half[i], 8), 8));
        __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(x.half[i], 8), _mm256_srai_epi16(y.half[i], 8));
        s.half[i] = _mm256_add_epi32(s.half[i], _mm256_add_epi32(even, odd));
#endif
    }
    return s.all;
#elif defined(__x86_64__)
    union {
        limbeck_int32x16 all;
        __m128i quarter[4];
    } s = {sum}, x = {a}, y = {w};
    for (int i = 0; i < 4; i++) {
        __m128i even = _mm_madd_epi16(_mm_and_si128(x.quarter[i], _mm_set1_epi32(0x00FF00FF)),
                                      _mm_srai_epi16(_mm_slli_epi16(y.quarter[i], 8), 8));
        __m128i odd = _mm_madd_epi16(_mm_srli_epi16(x.quarter[i], 8), _mm_srai_epi16(y.quarter[i], 8));
        s.quarter[i] = _mm_add_epi32(s.quarter[i], _mm_add_epi32(even, odd));
    }
    return s.all;
#elif defined(__ARM_FEATURE_DOTPROD)
    return limbeck_signed_dot(sum, a ^ (int32_t)0x80808080, w);
#elif defined(__aarch64__)
    union {
        limbeck_int32x16 all;
        int32x4_t quarter[4];
        uint8x16_t bytes[4];
        int8x16_t signs[4];
    } s = {sum}, x = {a}, y = {w};
    for (int i = 0; i < 4; i++) {
        int16x8_t x0 = vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(x.bytes[i]))), y0 = vmovl_s8(vget_low_s8(y.signs[i]));
        int16x8_t x1 = vreinterpretq_s16_u16(vmovl_high_u8(x.bytes[i])), y1 = vmovl_high_s8(y.signs[i]);
        int32x4_t pairs0 = vpaddq_s32(vmull_s16(vget_low_s16(x0), vget_low_s16(y0)), vmull_high_s16(x0, y0));
        int32x4_t pairs1 = vpaddq_s32(vmull_s16(vget_low_s16(x1), vget_low_s16(y1)), vmull_high_s16(x1, y1));
        s.quarter[i] = vaddq_s32(s.quarter[i], vpaddq_s32(pairs0, pairs1));
    }
    return s.all;
#else
    limbeck_int32x16 byte = 0xFF;
    return sum + (a & byte) * (w << 24 >> 24) + (a >> 8 & byte) * (w << 16 >> 24) + (a >> 16 & byte) * (w << 8 >> 24) +
           (a >> 24 & byte) * (w >> 24);
#endif
}

/* Where the CPU only multiplies signed bytes, `limbeck_dot` uses a - 128 for a, and so omits 128 times the sum of w, which is
 * the same for all rows. Half of that is accumulated here, once for a step of all rows. */
LIMBECK_INLINE limbeck_int32x16 limbeck_omitted(limbeck_int32x16 half, limbeck_int32x16 w) {
#if defined(__ARM_FEATURE_DOTPROD)
    return limbeck_signed_dot(half, (limbeck_int32x16)0x40404040, w);
#else
    return half;
#endif
}

/* Adds what `limbeck_dot` omitted, twice the accumulated half. */
LIMBECK_INLINE limbeck_int32x16 limbeck_complete(limbeck_int32x16 sum, limbeck_int32x16 half) {
#if defined(__ARM_FEATURE_DOTPROD)
    return sum + half + half;
#else
    return sum;
#endif
}

/* As `limbeck_dot`, for bytes a of at most 127 and bytes w other than -128: the sum of two products fits in 16 bits. */
LIMBECK_INLINE limbeck_int32x16 limbeck_small_dot(limbeck_int32x16 sum, limbeck_int32x16 a, limbeck_int32x16 w) {
#if defined(__AVX512BW__) && !defined(__AVX512VNNI__)
    __m512i pairs = _mm512_maddubs_epi16((__m512i)a, (__m512i)w);
    return (limbeck_int32x16)_mm512_add_epi32((__m512i)sum, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
#elif defined(__AVX2__) && !defined(__AVX512BW__) && !defined(__AVXVNNI__)
    union {
        limbeck_int32x16 all;
        __m256i half[2];
    } s = {sum}, x = {a}, y = {w};
    for (int i = 0; i < 2; i++) {
        __m256i pairs = _mm256_maddubs_epi16(x.half[i], y.half[i]);
        s.half[i] = _mm256_add_epi32(s.half[i], _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
    }
    return s.all;
#elif defined(__ARM_FEATURE_DOTPROD)
    return limbeck_signed_dot(sum, a, w);
#else
    return limbeck_dot(sum, a, w);
#endif
}

/* The signed bytes that the low or high nibbles encode: 8 less. */
typedef uint8_t limbeck_uint8x64 __attribute__((ext_vector_type(64)));

LIMBECK_INLINE limbeck_int32x16 limbeck_low_halves(limbeck_int32x16 x) {
    return (limbeck_int32x16)((limbeck_uint8x64)(x & 0x0F0F0F0F) - (uint8_t)8);
}

LIMBECK_INLINE limbeck_int32x16 limbeck_high_halves(limbeck_int32x16 x) {
    return (limbeck_int32x16)((limbeck_uint8x64)(x >> 4 & 0x0F0F0F0F) - (uint8_t)8);
}

#if defined(__AMX_INT8__)
/* Configures the tile registers of AMX: eight of 16 rows of 64 bytes. */
LIMBECK_INLINE void limbeck_tiles_begin(void) {
    static const struct {
        uint8_t palette, start, reserved[14];
        uint16_t bytes[16];
        uint8_t rows[16];
    } shape = {1, 0, {0}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};
    _tile_loadconfig(&shape);
}

LIMBECK_INLINE void limbeck_tiles_end(void) { _tile_release(); }

/* Clears the sums: (32, 32), or (16, 32) unless `tall`. */
LIMBECK_INLINE void limbeck_tiles_clear(void) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
}

/* A step of the K loop: adds 64 columns of bytes, of 32 or 16 rows, times 64 steps of the depth of a panel (depth / 4, 32, 4). */
LIMBECK_INLINE void limbeck_tiles_step(const uint8_t *a, long stride, const int8_t *panel, bool tall) {
    _tile_loadd(4, a, stride);
    _tile_loadd(6, panel, 128);
    _tile_loadd(7, panel + 64, 128);
    _tile_dpbusd(0, 4, 6);
    _tile_dpbusd(1, 4, 7);
    if (!tall) return;
    _tile_loadd(5, a + 16 * stride, stride);
    _tile_dpbusd(2, 5, 6);
    _tile_dpbusd(3, 5, 7);
}

/* Prefetches the part of a panel that one step reads. */
LIMBECK_INLINE void limbeck_tiles_prefetch(const int8_t *panel) {
    for (int line = 0; line < 32; line++) __builtin_prefetch(panel + line * 64);
}

/* `stride` is the distance between rows of sums in bytes. */
LIMBECK_INLINE void limbeck_tiles_store(void *sums, long stride, bool tall) {
    char *left = sums, *right = left + 64;
    _tile_stored(0, left, stride);
    _tile_stored(1, right, stride);
    if (!tall) return;
    _tile_stored(2, left + 16 * stride, stride);
    _tile_stored(3, right + 16 * stride, stride);
}
#endif

#endif
