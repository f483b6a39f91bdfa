// Norms and gates for training on one core, each in one pass over memory. Built by kernels.py.

#include <cmath>

#include "lanes.h"

extern "C" {

// y = x / rms(x) * weight; d is a multiple of 16.
void norm(const float *x, const float *weight, Half *y, float *inverse, long rows, int d, float epsilon) {
  for (long i = 0; i < rows; i++) {
    const float *own = x + i * d;
    V sum = all(0);
    for (int k = 0; k < d; k += LANES) sum += load(own + k) * load(own + k);
    const float part = 1 / std::sqrt(_mm512_reduce_add_ps((__m512)sum) / d + epsilon);
    inverse[i] = part;
    for (int k = 0; k < d; k += LANES) store(y + i * d + k, load(own + k) * part * load(weight + k));
  }
}

// dweight is added to.
void norm_back(const float *x, const float *weight, const float *inverse, const Half *dy, float *dx,
               float *dweight, long rows, int d) {
  for (long i = 0; i < rows; i++) {
    const float *own = x + i * d;
    const Half *back = dy + i * d;
    const float part = inverse[i];
    V sum = all(0);
    for (int k = 0; k < d; k += LANES) {
      const V turned = load(own + k) * part;
      sum += load(back + k) * load(weight + k) * turned;
      store(dweight + k, load(dweight + k) + load(back + k) * turned);
    }
    const float mean = _mm512_reduce_add_ps((__m512)sum) / d;
    for (int k = 0; k < d; k += LANES) {
      const V turned = load(own + k) * part;
      store(dx + i * d + k, (load(back + k) * load(weight + k) - turned * mean) * part);
    }
  }
}

// gate_up [rows][2 d] to y [rows][d] = silu(gate) * up.
void gated(const Half *gate_up, Half *y, long rows, int d) {
  for (long i = 0; i < rows; i++) {
    const Half *gate = gate_up + i * 2 * d, *up = gate + d;
    for (int k = 0; k < d; k += LANES) {
      const V g = load(gate + k);
      store(y + i * d + k, g / (1 + exponent(-g)) * load(up + k));
    }
  }
}

void gated_back(const Half *gate_up, const Half *dy, Half *to, long rows, int d) {
  for (long i = 0; i < rows; i++) {
    const Half *gate = gate_up + i * 2 * d, *up = gate + d;
    for (int k = 0; k < d; k += LANES) {
      const V g = load(gate + k), own = load(dy + i * d + k);
      const V share = 1 / (1 + exponent(-g));
      store(to + i * 2 * d + k, own * load(up + k) * share * (1 + g * (1 - share)));
      store(to + i * 2 * d + d + k, own * g * share);
    }
  }
}
}
