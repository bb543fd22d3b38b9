/* The vector instructions that Swift cannot spell, in whatever width the including target is compiled for. All are exact, or
 * one rounding to nearest even, so that every instruction set gives the same bits. */
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
typedef int32_t limbeck_int32x16 __attribute__((ext_vector_type(16)));
typedef uint32_t limbeck_uint32x16 __attribute__((ext_vector_type(16)));
typedef uint16_t limbeck_uint16x16 __attribute__((ext_vector_type(16)));
typedef uint8_t limbeck_uint8x16 __attribute__((ext_vector_type(16)));
typedef int8_t limbeck_int8x16 __attribute__((ext_vector_type(16)));

#define LIMBECK_INLINE static inline __attribute__((always_inline))

/* One number in all lanes. The compiler of Swift 6.3.1 crashes over its own in what follows a tile of sums. */
LIMBECK_INLINE limbeck_float32x16 limbeck_all_float(float x) { return (limbeck_float32x16)x; }
LIMBECK_INLINE limbeck_int32x16 limbeck_all_int(int32_t x) { return (limbeck_int32x16)x; }

/* The same compiler, for Embedded Swift, made a loop over lanes of its own addition beside exponentials. */
LIMBECK_INLINE limbeck_float32x16 limbeck_add(limbeck_float32x16 a, limbeck_float32x16 b) { return a + b; }

/* The largest of numbers from 0 on, which are in the order of their bits. */
LIMBECK_INLINE float limbeck_largest(limbeck_float32x16 x) {
    union {
        int32_t bits;
        float number;
    } largest = {__builtin_reduce_max((limbeck_int32x16)x)};
    return largest.number;
}

/* ---- Conversions ------------------------------------------------------------------------------------------------ */

LIMBECK_INLINE limbeck_float32x16 limbeck_floats(limbeck_int32x16 x) { return __builtin_convertvector(x, limbeck_float32x16); }

/* dots - zero sums, exactly, and then rounded. */
LIMBECK_INLINE limbeck_float32x16 limbeck_centered(limbeck_int32x16 dots, int32_t zero, limbeck_int32x16 sums) {
    limbeck_uint32x16 exact = (limbeck_uint32x16)dots - (uint32_t)zero * (limbeck_uint32x16)sums;
    return __builtin_convertvector((limbeck_int32x16)exact, limbeck_float32x16);
}

LIMBECK_INLINE limbeck_float32x16 limbeck_floats_of_bytes(limbeck_int8x16 x) {
    return __builtin_convertvector(__builtin_convertvector(x, limbeck_int32x16), limbeck_float32x16);
}

/* The nearest of the bytes. */
LIMBECK_INLINE limbeck_uint8x16 limbeck_bytes(limbeck_int32x16 x) {
    x = __builtin_elementwise_min(__builtin_elementwise_max(x, (limbeck_int32x16)0), (limbeck_int32x16)255);
    return __builtin_convertvector(x, limbeck_uint8x16);
}

LIMBECK_INLINE limbeck_uint8x16 limbeck_low_bytes(limbeck_uint32x16 x) { return __builtin_convertvector(x, limbeck_uint8x16); }

/* Of 64 numbers the lowest seven bits, and the seven above them. */
LIMBECK_INLINE void limbeck_store_sevens(limbeck_uint32x16 a, limbeck_uint32x16 b, limbeck_uint32x16 c, limbeck_uint32x16 d,
                                         uint8_t *high, uint8_t *low) {
#if defined(__AVX512BW__)
    /* Packing puts four numbers of each beside each other. */
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

/* 16 bytes of each of four rows, the four of a column beside each other. */
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
    /* The exponent is too small by 112, which a multiplication corrects; of infinities and NaN it has to be the largest. */
    limbeck_float32x16 scaled = (limbeck_float32x16)magnitude * 0x1p112f;
    return (limbeck_float32x16)(((limbeck_uint32x16)scaled & ~endless) | ((magnitude | 0x7F800000) & endless) | sign);
#endif
}

/* ---- Products of bytes ------------------------------------------------------------------------------------------ */

#if defined(__ARM_FEATURE_DOTPROD)
/* The same as below, of signed bytes a. */
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

/* sum[i] + a[4i] w[4i] + ... + a[4i + 3] w[4i + 3], of unsigned bytes a and signed bytes w, once `limbeck_complete` has added what some
 * CPUs leave out. No order or width of the sums can change the result while none overflows. */
LIMBECK_INLINE limbeck_int32x16 limbeck_dot(limbeck_int32x16 sum, limbeck_int32x16 a, limbeck_int32x16 w) {
#if defined(__AVX512VNNI__)
    return (limbeck_int32x16)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)a, (__m512i)w);
#elif defined(__AVX512BW__)
    /* Bytes 0 and 2 of each sum, then 1 and 3, as 16 bits: 8-bit multiply-adds would saturate. */
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

/* What `limbeck_dot` leaves out where the CPU multiplies signed bytes alone: it takes a - 128 for a. That is the same for all rows:
 * half of it is collected here, beside a step of their sums, */
LIMBECK_INLINE limbeck_int32x16 limbeck_omitted(limbeck_int32x16 half, limbeck_int32x16 w) {
#if defined(__ARM_FEATURE_DOTPROD)
    return limbeck_signed_dot(half, (limbeck_int32x16)0x40404040, w);
#else
    return half;
#endif
}

/* and added to them at the end. */
LIMBECK_INLINE limbeck_int32x16 limbeck_complete(limbeck_int32x16 sum, limbeck_int32x16 half) {
#if defined(__ARM_FEATURE_DOTPROD)
    return sum + half + half;
#else
    return sum;
#endif
}

/* The same of bytes a that are at most 127, and bytes w that are not -128: sums of two products fit 16 bits. */
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

/* The signed bytes that low or high halves of bytes stand for: 8 less. */
typedef uint8_t limbeck_uint8x64 __attribute__((ext_vector_type(64)));

LIMBECK_INLINE limbeck_int32x16 limbeck_low_halves(limbeck_int32x16 x) {
    return (limbeck_int32x16)((limbeck_uint8x64)(x & 0x0F0F0F0F) - (uint8_t)8);
}

LIMBECK_INLINE limbeck_int32x16 limbeck_high_halves(limbeck_int32x16 x) {
    return (limbeck_int32x16)((limbeck_uint8x64)(x >> 4 & 0x0F0F0F0F) - (uint8_t)8);
}

#if defined(__AMX_INT8__)
/* The tile registers of AMX: eight of 16 rows of 64 bytes. */
LIMBECK_INLINE void limbeck_tiles_begin(void) {
    static const struct {
        uint8_t palette, start, reserved[14];
        uint16_t bytes[16];
        uint8_t rows[16];
    } shape = {1, 0, {0}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};
    _tile_loadconfig(&shape);
}

LIMBECK_INLINE void limbeck_tiles_end(void) { _tile_release(); }

/* Sums (32, 32), or (16, 32) unless `tall`. */
LIMBECK_INLINE void limbeck_tiles_clear(void) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
}

/* Adds 64 columns of bytes, of as many rows, times 64 rows of a panel (depth / 4, 32, 4). */
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

/* Asks for such a part of a panel. */
LIMBECK_INLINE void limbeck_tiles_prefetch(const int8_t *panel) {
    for (int line = 0; line < 32; line++) __builtin_prefetch(panel + line * 64);
}

/* Rows of sums are so many bytes apart. */
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
