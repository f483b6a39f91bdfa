/**
 * Resizing pictures straight into the planes of a tensor.
 *
 * @module
 */
import type { Picture } from './types.ts'

interface Taps {
  count: number
  first: Int32Array
  /** `count` weights for each target pixel, summing to 1. */
  weights: Float32Array
}

/** A triangle filter as wide as the reduction: linear when enlarging, averaging when reducing. */
function tapsOf(source: number, target: number, from: number, span: number): Taps {
  const ratio = span / target
  const reach = Math.max(1, ratio)
  const count = Math.min(source, Math.ceil(2 * reach))
  const first = new Int32Array(target)
  const weights = new Float32Array(target * count)
  for (let i = 0; i < target; i++) {
    const centre = from + (i + 0.5) * ratio - 0.5
    let start = Math.floor(centre - reach) + 1
    start = Math.max(0, Math.min(source - count, start))
    first[i] = start
    let sum = 0
    for (let k = 0; k < count; k++) {
      const weight = Math.max(0, 1 - Math.abs(start + k - centre) / reach)
      weights[i * count + k] = weight
      sum += weight
    }
    if (sum === 0) {
      weights[i * count + Math.max(0, Math.min(count - 1, Math.round(centre) - start))] = 1
      sum = 1
    }
    for (let k = 0; k < count; k++) weights[i * count + k]! /= sum
  }
  return { count, first, weights }
}

/** Where and how `resizeInto` writes: a window of a `[.., 3, planeHeight, planeWidth]` tensor. */
export interface Target {
  data: Float32Array
  /** Index of the first value of plane 0. */
  offset: number
  planeWidth: number
  planeHeight: number
  /** Size of the window at the planes' top left that is filled. */
  width: number
  height: number
  /** Value written = channel (0..255) x scale + bias, for blue, green, red. */
  scale: readonly [number, number, number]
  bias: readonly [number, number, number]
}

/** Part of a picture, in pixels of it. */
export interface Window {
  left: number
  top: number
  width: number
  height: number
}

/**
 * Resizes columns `from` to `from + span` of a picture (all by default) into planes in the order
 * blue, green, red. Alpha is ignored.
 */
export function resizeInto(
  source: Picture,
  target: Target,
  from = 0,
  span: number = source.width,
): void {
  const plane = target.planeWidth * target.planeHeight
  const [scaleB, scaleG, scaleR] = target.scale
  const [biasB, biasG, biasR] = target.bias
  const window = { left: from, top: 0, width: span, height: source.height }
  resizeRows(source, window, target, (y, line) => {
    let out = target.offset + y * target.planeWidth
    for (let i = 0; i < line.length; i += 3, out++) {
      target.data[out] = line[i + 2]! * scaleB + biasB
      target.data[out + plane] = line[i + 1]! * scaleG + biasG
      target.data[out + 2 * plane] = line[i]! * scaleR + biasR
    }
  })
}

/**
 * Resizes a window of a picture, row by row.
 *
 * @param put given each row from the top: red, green, blue of each pixel; good until it returns
 */
export function resizeRows(
  source: Picture,
  window: Window,
  { width, height }: { width: number; height: number },
  put: (y: number, line: Float32Array) => void,
): void {
  const { data, channels } = source
  const across = tapsOf(source.width, width, window.left, window.width)
  const down = tapsOf(source.height, height, window.top, window.height)
  const stride = source.width * channels
  const rowLength = width * 3
  const ring = new Float32Array(down.count * rowLength)
  const held = new Int32Array(down.count).fill(-1)
  const line = new Float32Array(rowLength)
  for (let y = 0; y < height; y++) {
    line.fill(0)
    for (let k = 0; k < down.count; k++) {
      const weight = down.weights[y * down.count + k]!
      if (weight === 0) continue
      const row = down.first[y]! + k
      const slot = row % down.count
      const at = slot * rowLength
      if (held[slot] !== row) {
        squeezeRow(data, row * stride, channels, across, width, ring, at)
        held[slot] = row
      }
      for (let i = 0; i < rowLength; i++) line[i]! += weight * ring[at + i]!
    }
    put(y, line)
  }
}

function squeezeRow(
  data: Uint8Array | Uint8ClampedArray,
  start: number,
  channels: number,
  taps: Taps,
  width: number,
  out: Float32Array,
  at: number,
): void {
  const { count, first, weights } = taps
  for (let x = 0, w = 0; x < width; x++) {
    let p = start + first[x]! * channels
    let r = 0
    let g = 0
    let b = 0
    for (let k = 0; k < count; k++, w++, p += channels) {
      const weight = weights[w]!
      r += weight * data[p]!
      g += weight * data[p + 1]!
      b += weight * data[p + 2]!
    }
    out[at++] = r
    out[at++] = g
    out[at++] = b
  }
}
