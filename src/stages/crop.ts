/**
 * Upright crops out of a picture.
 *
 * @module
 */
import type { CropEncoding, Picture } from './types.ts'
import type { TextBox } from './box.ts'

/** Raw crops of one picture beyond this travel as JPEG, or a link's frame would overflow. */
const MAX_RAW_BYTES = 8 * 2 ** 20

/** How the crops of one picture travel: as asked for, unless they are too large for it. */
export function cropFormat(
  asked: CropEncoding,
  crops: readonly { width: number; height: number }[],
): 'rgb' | 'jpeg' {
  const bytes = crops.reduce((sum, { width, height }) => sum + 3 * width * height, 0)
  return asked === 'raw' && bytes <= MAX_RAW_BYTES ? 'rgb' : 'jpeg'
}

/** Largest crop that a child task can use, in pixels. */
export interface CropLimits {
  maxHeight: number
  maxWidth: number
}

/** Pixels of the crop of a box: its own size, or less where that exceeds the limits. */
export function cropSize(box: TextBox, limits: CropLimits): { width: number; height: number } {
  const shrink = Math.min(1, limits.maxHeight / box.height)
  return {
    width: Math.max(1, Math.min(limits.maxWidth, Math.round(box.width * shrink))),
    height: Math.max(1, Math.round(box.height * shrink)),
  }
}

/**
 * Turns and cuts a box out of a picture, RGB. What lies outside repeats the picture's edge.
 *
 * Reductions average: one bilinear sample for each source pixel that a target pixel covers.
 */
export function cutCrop(source: Picture, box: TextBox, limits: CropLimits): Picture {
  const { width, height } = cropSize(box, limits)
  const { data, channels } = source
  const out = new Uint8Array(width * height * 3)
  const nx = Math.max(1, Math.round(box.width / width))
  const ny = Math.max(1, Math.round(box.height / height))
  const samples = nx * ny
  const du = box.width / (width * nx)
  const dv = box.height / (height * ny)
  const cos = Math.cos(box.angle)
  const sin = Math.sin(box.angle)
  const maxX = source.width - 1
  const maxY = source.height - 1
  const stride = source.width * channels
  if (box.angle === 0) {
    cutUpright(source, box, { data: out, width, height, nx, ny })
    return { width, height, channels: 3, data: out }
  }
  for (let y = 0, o = 0; y < height; y++) {
    for (let x = 0; x < width; x++, o += 3) {
      let r = 0
      let g = 0
      let b = 0
      for (let j = 0; j < ny; j++) {
        const v = (y * ny + j + 0.5) * dv - box.height / 2
        for (let i = 0; i < nx; i++) {
          const u = (x * nx + i + 0.5) * du - box.width / 2
          let sx = box.cx + u * cos - v * sin - 0.5
          let sy = box.cy + u * sin + v * cos - 0.5
          sx = sx < 0 ? 0 : sx > maxX ? maxX : sx
          sy = sy < 0 ? 0 : sy > maxY ? maxY : sy
          const x0 = sx | 0
          const y0 = sy | 0
          const fx = sx - x0
          const fy = sy - y0
          const p00 = y0 * stride + x0 * channels
          const p01 = x0 < maxX ? p00 + channels : p00
          const down = y0 < maxY ? stride : 0
          const p10 = p00 + down
          const p11 = p01 + down
          r += between(data, p00, p01, p10, p11, fx, fy)
          g += between(data, p00 + 1, p01 + 1, p10 + 1, p11 + 1, fx, fy)
          b += between(data, p00 + 2, p01 + 2, p10 + 2, p11 + 2, fx, fy)
        }
      }
      out[o] = r / samples + 0.5
      out[o + 1] = g / samples + 0.5
      out[o + 2] = b / samples + 0.5
    }
  }
  return { width, height, channels: 3, data: out }
}

/** A value between four neighbours: `fx` of the way to the right, `fy` of the way down. */
function between(
  data: Picture['data'],
  p00: number,
  p01: number,
  p10: number,
  p11: number,
  fx: number,
  fy: number,
): number {
  return (1 - fx) * (1 - fy) * data[p00]! + fx * (1 - fy) * data[p01]! +
    (1 - fx) * fy * data[p10]! + fx * fy * data[p11]!
}

interface Upright {
  data: Uint8Array
  width: number
  height: number
  /** Samples for each target pixel. */
  nx: number
  ny: number
}

/** The same for a box that is not turned: where a sample lies is the same for a whole column. */
function cutUpright(source: Picture, box: TextBox, { data: out, width, height, nx, ny }: Upright) {
  const { data, channels } = source
  const stride = source.width * channels
  const samples = nx * ny
  const across = samplesAlong(box.cx, box.width, width * nx, source.width)
  const down = samplesAlong(box.cy, box.height, height * ny, source.height)
  for (let y = 0, o = 0; y < height; y++) {
    for (let x = 0; x < width; x++, o += 3) {
      let r = 0
      let g = 0
      let b = 0
      for (let j = y * ny; j < (y + 1) * ny; j++) {
        const fy = down.share[j]!
        const row = down.at[j]! * stride
        const below = down.next[j]! * stride
        for (let i = x * nx; i < (x + 1) * nx; i++) {
          const fx = across.share[i]!
          const left = across.at[i]! * channels
          const right = across.next[i]! * channels
          const p00 = row + left
          const p01 = row + right
          const p10 = below + left
          const p11 = below + right
          r += between(data, p00, p01, p10, p11, fx, fy)
          g += between(data, p00 + 1, p01 + 1, p10 + 1, p11 + 1, fx, fy)
          b += between(data, p00 + 2, p01 + 2, p10 + 2, p11 + 2, fx, fy)
        }
      }
      out[o] = r / samples + 0.5
      out[o + 1] = g / samples + 0.5
      out[o + 2] = b / samples + 0.5
    }
  }
}

/** For each sample along a side the pixel before it, the one after, and how near it is to that. */
function samplesAlong(centre: number, length: number, count: number, pixels: number) {
  const at = new Int32Array(count)
  const next = new Int32Array(count)
  const share = new Float64Array(count)
  const step = length / count
  for (let i = 0; i < count; i++) {
    const place = centre + ((i + 0.5) * step - length / 2) - 0.5
    const within = place < 0 ? 0 : place > pixels - 1 ? pixels - 1 : place
    at[i] = within | 0
    next[i] = Math.min(at[i]! + 1, pixels - 1)
    share[i] = within - at[i]!
  }
  return { at, next, share }
}
