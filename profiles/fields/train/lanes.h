// Sixteen numbers at once, on processors with AVX-512.

#pragma once

#include <immintrin.h>

#include <cstring>
#include <initializer_list>

typedef float V __attribute__((vector_size(64), aligned(4), may_alias));

constexpr int LANES = 16;

static inline V load(const float *p) { return *(const V *)p; }
static inline void store(float *p, V v) { *(V *)p = v; }

// What is between products is kept with 16 bits: the upper half of a float's.
typedef unsigned short Half;
static inline V load(const Half *p) {
  return (V)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p)), 16);
}
static inline void store(Half *p, V v) {
  const __m512i bits = (__m512i)v, odd = _mm512_and_epi32(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
  _mm256_storeu_si256((__m256i *)p, _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16)));
}
static inline float wide(Half x) {
  const unsigned bits = (unsigned)x << 16;
  float y;
  std::memcpy(&y, &bits, 4);
  return y;
}
static inline Half narrow(float x) {
  unsigned bits;
  std::memcpy(&bits, &x, 4);
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}
static inline V all(float x) { return (V)_mm512_set1_ps(x); }

static inline V exponent(V x) {
  const V y = x * 1.44269504f;
  const V whole = (V)_mm512_roundscale_ps((__m512)y, 8);
  const V t = (y - whole) * 0.69314718f;
  V p = all(1.0f / 720);
  for (float c : {1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f}) p = p * t + c;
  return (V)_mm512_scalef_ps((__m512)p, (__m512)whole);
}
