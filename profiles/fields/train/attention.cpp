// Attention for training on one core: forth and back, each head in one pass over its queries.
//
// PyTorch's own takes most of the time of a small decoder there. Built by kernels.py.

#include <cmath>
#include <cstring>
#include <vector>

#include "lanes.h"

constexpr int ROWS = 32;

static int padded(int n) { return (n + LANES - 1) / LANES * LANES; }

// s[rows][t] = a[rows][d] * bt[d][t], of the first `upto` columns; strides in floats.
static void times_columns(float *s, int ss, const float *a, int as, const float *bt, int bs, int rows, int d,
                          int upto) {
  for (int j = 0; j < upto; j += 2 * LANES) {
    for (int i = 0; i < rows; i += 8) {
      V x[8] = {}, y[8] = {};
      for (int k = 0; k < d; k++) {
        const V b0 = load(bt + k * bs + j), b1 = load(bt + k * bs + j + LANES);
#pragma GCC unroll 8
        for (int r = 0; r < 8; r++) {
          const V own = all(a[(i + r) * as + k]);
          x[r] += own * b0;
          y[r] += own * b1;
        }
      }
#pragma GCC unroll 8
      for (int r = 0; r < 8; r++) {
        store(s + (i + r) * ss + j, x[r]);
        store(s + (i + r) * ss + j + LANES, y[r]);
      }
    }
  }
}

// out[n][w] += sum over k of p(n, k) * b[k][w], where p(n, k) = p[n * pn + k * pk]; w is 1 or 2 vectors.
template <int W>
static void gather_rows(float *out, int os, const float *p, int pn, int pk, const float *b, int bs, int n,
                        int from, int upto) {
  for (int i = 0; i < n; i += 8) {
    V sum[8][W];
#pragma GCC unroll 8
    for (int r = 0; r < 8; r++)
      for (int w = 0; w < W; w++) sum[r][w] = load(out + (i + r) * os + w * LANES);
    for (int k = from; k < upto; k++) {
      V row[W];
      for (int w = 0; w < W; w++) row[w] = load(b + k * bs + w * LANES);
#pragma GCC unroll 8
      for (int r = 0; r < 8; r++) {
        const V own = all(p[(i + r) * pn + k * pk]);
        for (int w = 0; w < W; w++) sum[r][w] += own * row[w];
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < 8; r++)
      for (int w = 0; w < W; w++) store(out + (i + r) * os + w * LANES, sum[r][w]);
  }
}

static void gather(float *out, const float *p, int pn, int pk, const float *b, int n, int from, int upto, int w) {
  if (w == LANES) gather_rows<1>(out, w, p, pn, pk, b, w, n, from, upto);
  else gather_rows<2>(out, w, p, pn, pk, b, w, n, from, upto);
}

// Rows of one head out of [t][stride], turned by position where there are tables, times `scale`.
static void take(float *to, int w, const Half *from, int stride, int t, int d, const float *cosines,
                 const float *sines, float scale) {
  const int half = d / 2;
  for (int i = 0; i < t; i++) {
    const Half *x = from + (long)i * stride;
    float *y = to + i * w;
    if (!cosines) {
      for (int k = 0; k < d; k++) y[k] = wide(x[k]);
      continue;
    }
    for (int k = 0; k < half; k++) {
      const float c = cosines[i * half + k] * scale, s = sines[i * half + k] * scale;
      const float low = wide(x[k]), high = wide(x[k + half]);
      y[k] = low * c - high * s;
      y[k + half] = high * c + low * s;
    }
  }
}

// The way back of `take`: turned the other way.
static void give(Half *to, int stride, const float *from, int w, int t, int d, const float *cosines,
                 const float *sines, float scale) {
  const int half = d / 2;
  for (int i = 0; i < t; i++) {
    const float *y = from + i * w;
    Half *x = to + (long)i * stride;
    if (!cosines) {
      for (int k = 0; k < d; k++) x[k] = narrow(y[k]);
      continue;
    }
    for (int k = 0; k < half; k++) {
      const float c = cosines[i * half + k] * scale, s = sines[i * half + k] * scale;
      x[k] = narrow(y[k] * c + y[k + half] * s);
      x[k + half] = narrow(y[k + half] * c - y[k] * s);
    }
  }
}

static void turn(float *to, int ts, const float *from, int w, int t, int d) {
  for (int i = 0; i < t; i++)
    for (int k = 0; k < d; k++) to[k * ts + i] = from[i * w + k];
}

struct Shape {
  int batch, length, heads, kv, d;
};

struct Buffers {
  int t, w, columns;
  std::vector<float> q, k, v, kt, vt, y, dy, dq, dk, dv, p, ds;
  explicit Buffers(const Shape &s) {
    t = (s.length + ROWS - 1) / ROWS * ROWS;
    w = padded(s.d);
    columns = t;
    for (auto *b : {&q, &k, &v, &y, &dy, &dq, &dk, &dv}) b->assign((size_t)t * w, 0);
    for (auto *b : {&kt, &vt}) b->assign((size_t)w * columns, 0);
    for (auto *b : {&p, &ds}) b->assign((size_t)ROWS * columns, 0);
  }
};

extern "C" {

// qkv [batch][length][(heads + 2 kv) * d] to y [batch][length][heads * d]; log of sums to `logs`.
void attend(const Half *qkv, const float *cosines, const float *sines, Half *y, float *logs, int batch,
            int length, int heads, int kv, int d) {
  const Shape s{batch, length, heads, kv, d};
  Buffers b(s);
  const int stride = (heads + 2 * kv) * d, w = b.w, times = heads / kv;
  const float scale = 1 / std::sqrt((float)d);
  for (int n = 0; n < batch; n++) {
    const Half *own = qkv + (long)n * length * stride;
    for (int g = 0; g < kv; g++) {
      take(b.k.data(), w, own + (heads + g) * d, stride, length, d, cosines, sines, 1);
      take(b.v.data(), w, own + (heads + kv + g) * d, stride, length, d, nullptr, nullptr, 1);
      turn(b.kt.data(), b.columns, b.k.data(), w, length, d);
      for (int h = g * times; h < (g + 1) * times; h++) {
        take(b.q.data(), w, own + h * d, stride, length, d, cosines, sines, scale);
        for (int i = 0; i < length; i += ROWS) {
          const int upto = i + ROWS;
          times_columns(b.p.data(), b.columns, b.q.data() + i * w, w, b.kt.data(), b.columns, ROWS, d, upto);
          for (int r = 0; r < ROWS; r++) {
            float *row = b.p.data() + r * b.columns;
            for (int j = i + r + 1; j < upto; j++) row[j] = -1e30f;
            V most = load(row);
            for (int j = LANES; j < upto; j += LANES) most = (V)_mm512_max_ps((__m512)most, (__m512)load(row + j));
            const float top = _mm512_reduce_max_ps((__m512)most);
            V sum = all(0);
            for (int j = 0; j < upto; j += LANES) {
              const V e = exponent(load(row + j) - top);
              store(row + j, e);
              sum += e;
            }
            const float total = _mm512_reduce_add_ps((__m512)sum);
            const V part = all(1 / total);
            for (int j = 0; j < upto; j += LANES) store(row + j, load(row + j) * part);
            if (i + r < length) logs[((long)n * heads + h) * length + i + r] = top + std::log(total);
          }
          float *out = b.y.data() + i * w;
          std::memset(out, 0, sizeof(float) * ROWS * w);
          gather(out, b.p.data(), b.columns, 1, b.v.data(), ROWS, 0, upto, w);
        }
        give(y + (long)n * length * heads * d + h * d, heads * d, b.y.data(), w, length, d, nullptr, nullptr, 1);
      }
    }
  }
}

void attend_back(const Half *qkv, const float *cosines, const float *sines, const Half *y, const float *logs,
                 const Half *dy, Half *dqkv, int batch, int length, int heads, int kv, int d) {
  const Shape s{batch, length, heads, kv, d};
  Buffers b(s);
  const int stride = (heads + 2 * kv) * d, w = b.w, times = heads / kv;
  const float scale = 1 / std::sqrt((float)d);
  for (int n = 0; n < batch; n++) {
    const Half *own = qkv + (long)n * length * stride;
    Half *to = dqkv + (long)n * length * stride;
    for (int g = 0; g < kv; g++) {
      take(b.k.data(), w, own + (heads + g) * d, stride, length, d, cosines, sines, 1);
      take(b.v.data(), w, own + (heads + kv + g) * d, stride, length, d, nullptr, nullptr, 1);
      turn(b.kt.data(), b.columns, b.k.data(), w, length, d);
      turn(b.vt.data(), b.columns, b.v.data(), w, length, d);
      std::fill(b.dk.begin(), b.dk.end(), 0);
      std::fill(b.dv.begin(), b.dv.end(), 0);
      for (int h = g * times; h < (g + 1) * times; h++) {
        const long at = (long)n * length * heads * d + h * d;
        take(b.q.data(), w, own + h * d, stride, length, d, cosines, sines, scale);
        take(b.y.data(), w, y + at, heads * d, length, d, nullptr, nullptr, 1);
        take(b.dy.data(), w, dy + at, heads * d, length, d, nullptr, nullptr, 1);
        std::fill(b.dq.begin(), b.dq.end(), 0);
        for (int i = 0; i < length; i += ROWS) {
          const int upto = i + ROWS;
          times_columns(b.p.data(), b.columns, b.q.data() + i * w, w, b.kt.data(), b.columns, ROWS, d, upto);
          times_columns(b.ds.data(), b.columns, b.dy.data() + i * w, w, b.vt.data(), b.columns, ROWS, d, upto);
          for (int r = 0; r < ROWS; r++) {
            float *p = b.p.data() + r * b.columns, *ds = b.ds.data() + r * b.columns;
            if (i + r >= length) {
              std::memset(p, 0, sizeof(float) * upto);
              std::memset(ds, 0, sizeof(float) * upto);
              continue;
            }
            for (int j = i + r + 1; j < upto; j++) p[j] = -1e30f;
            const float log = logs[((long)n * heads + h) * length + i + r];
            float dot = 0;
            for (int k = 0; k < d; k++) dot += b.y[(i + r) * w + k] * b.dy[(i + r) * w + k];
            for (int j = 0; j < upto; j += LANES) {
              const V e = exponent(load(p + j) - log);
              store(p + j, e);
              store(ds + j, e * (load(ds + j) - dot));
            }
          }
          gather(b.dq.data() + i * w, b.ds.data(), b.columns, 1, b.k.data(), ROWS, 0, upto, w);
          gather(b.dv.data(), b.p.data(), 1, b.columns, b.dy.data() + i * w, upto, 0, ROWS, w);
          gather(b.dk.data(), b.ds.data(), 1, b.columns, b.q.data() + i * w, upto, 0, ROWS, w);
        }
        give(to + h * d, stride, b.dq.data(), w, length, d, cosines, sines, scale);
      }
      // Queries came scaled, so keys' gradients are whole.
      give(to + (heads + g) * d, stride, b.dk.data(), w, length, d, cosines, sines, 1);
      give(to + (heads + kv + g) * d, stride, b.dv.data(), w, length, d, nullptr, nullptr, 1);
    }
  }
}
}
