/**
 * Pictures as a model's input tensor, the way the pipeline file describes it.
 *
 * @module
 */
import { z } from 'zod'
import type { Picture, Tensor } from './types.ts'
import { readField } from './options.ts'
import { resizeRows, type Window } from './resample.ts'

const side = z.number().int().min(1).max(8192)
const perChannel = z.union([z.number(), z.array(z.number()).length(3)], {
  error: 'must be a number, or three of them, one for each channel',
})
const isDivisor = (value: number | number[]) => ![value].flat().includes(0)

const schema = z.strictObject({
  height: side,
  width: side,
  /** Order of the tensor's dimensions: `nchw`, a plane for each channel, or `nhwc`. */
  layout: z.enum(['nchw', 'nhwc']).default('nchw'),
  /** Order of the channels; `grey` is one alone. */
  colour: z.enum(['rgb', 'bgr', 'grey']).default('rgb'),
  type: z.enum(['float32', 'uint8']).default('float32'),
  /** Of a full channel, before `mean` and `std`: 1 or 255 with nearly all models, by `type`. */
  max: z.number().positive().optional(),
  /** Taken off each value before it is divided by `std`: one number, or one for each channel. */
  mean: perChannel.default(0),
  std: perChannel.refine(isDivisor, { error: 'must not be 0' }).default(1),
  /** `stretch` alters the shape of things, `contain` leaves bars, `cover` cuts off the excess. */
  fit: z.enum(['stretch', 'contain', 'cover']).default('stretch'),
  /** 0..255, of the bars. */
  fill: z.number().min(0).max(255).default(0),
})

export type PictureInput = z.infer<typeof schema> & { max: number }

interface Fields {
  readonly [field: string]: unknown
}

/**
 * `input` of a variant over `input` of its task: what all variants share is said once.
 *
 * @throws TypeError saying which field is wrong
 */
export function pictureInputOf(task: Fields, variant: Fields): PictureInput {
  const value = { ...task['input'] as object, ...variant['input'] as object }
  const input = readField(schema, 'input', 'a variant', value)
  // Whole numbers up to 1 would be black and white.
  const { type, max = type === 'uint8' ? 255 : 1 } = input
  if (type === 'uint8') checkBytes({ ...input, max })
  return { ...input, max }
}

/** A byte overflows to the other end of its range. */
function checkBytes(input: PictureInput): void {
  for (const channel of [0, 1, 2]) {
    const [mean, std] = [ofChannel(input.mean, channel), ofChannel(input.std, channel)]
    const ends = [0, input.max].map((value) => Math.floor((value - mean) / std + 0.5))
    if (ends.every((value) => value >= 0 && value <= 255)) continue
    throw new TypeError(
      `Cannot use input of a variant: max, mean and std make ${ends.join(' to ')} of a channel, ` +
        'and uint8 holds 0 to 255',
    )
  }
}

const ofChannel = (value: number | number[], channel: number): number =>
  typeof value === 'number' ? value : value[channel]!

/** Where a picture lies in the input. */
export interface Placing {
  /** The part of the picture that is used. */
  window: Window
  /** The part of the input that the picture fills. */
  left: number
  top: number
  width: number
  height: number
}

export function placingOf(
  picture: Pick<Picture, 'width' | 'height'>,
  input: PictureInput,
): Placing {
  const { width, height, fit } = input
  const whole = { left: 0, top: 0, width: picture.width, height: picture.height }
  if (fit === 'stretch') return { window: whole, left: 0, top: 0, width, height }
  if (fit === 'cover') {
    const scale = Math.max(width / picture.width, height / picture.height)
    const window = { width: width / scale, height: height / scale }
    const left = (picture.width - window.width) / 2
    const top = (picture.height - window.height) / 2
    return { window: { ...window, left, top }, left: 0, top: 0, width, height }
  }
  const scale = Math.min(width / picture.width, height / picture.height)
  const fitted = (side: number, most: number) =>
    Math.max(1, Math.min(most, Math.round(side * scale)))
  const size = { width: fitted(picture.width, width), height: fitted(picture.height, height) }
  const left = Math.floor((width - size.width) / 2)
  const top = Math.floor((height - size.height) / 2)
  return { window: whole, left, top, ...size }
}

/** Zeros for a batch of pictures. */
export function emptyInput(input: PictureInput, batch: number): Tensor {
  const { height, width, layout, colour, type } = input
  const channels = colour === 'grey' ? 1 : 3
  const length = batch * channels * height * width
  return {
    type,
    dims: layout === 'nchw' ? [batch, channels, height, width] : [batch, height, width, channels],
    data: type === 'uint8' ? new Uint8Array(length) : new Float32Array(length),
  }
}

/** How much of red, green and blue is in a grey (ITU-R BT.601). */
const GREY = [0.299, 0.587, 0.114] as const

/** One tensor for all pictures, and where each lies in its part of it. */
export function inputTensor(
  pictures: readonly Picture[],
  input: PictureInput,
): { tensor: Tensor; placings: Placing[] } {
  const tensor = emptyInput(input, pictures.length)
  const { data } = tensor
  const { height, width, layout, colour, max, fill } = input
  const channels = colour === 'grey' ? 1 : 3
  const [step, plane] = layout === 'nchw' ? [1, height * width] : [channels, 1]
  // The input's channel that each of red, green, blue goes to.
  const order = colour === 'bgr' ? [2, 1, 0] : [0, 1, 2]
  const scale = order.map((channel) => max / 255 / ofChannel(input.std, channel))
  // Whole numbers are cut off, not rounded, as they are written.
  const half = input.type === 'uint8' ? 0.5 : 0
  const bias = order.map((channel) =>
    half - ofChannel(input.mean, channel) / ofChannel(input.std, channel)
  )
  const placings = pictures.map((picture, n) => {
    const start = n * channels * height * width
    const placing = placingOf(picture, input)
    if (placing.width < width || placing.height < height) {
      for (let c = 0; c < channels; c++) {
        const channel = order[c]!
        const value = fill * scale[c]! + bias[c]!
        for (let i = 0; i < height * width; i++) data[start + channel * plane + i * step] = value
      }
    }
    const [toR, toG, toB] = order.map((channel) => channel * plane) as [number, number, number]
    resizeRows(picture, placing.window, placing, (y, line) => {
      let out = start + ((placing.top + y) * width + placing.left) * step
      for (let i = 0; i < line.length; i += 3, out += step) {
        const r = line[i]!
        const g = line[i + 1]!
        const b = line[i + 2]!
        if (channels === 1) {
          data[out] = (GREY[0] * r + GREY[1] * g + GREY[2] * b) * scale[0]! + bias[0]!
          continue
        }
        data[out + toR] = r * scale[0]! + bias[0]!
        data[out + toG] = g * scale[1]! + bias[1]!
        data[out + toB] = b * scale[2]! + bias[2]!
      }
    })
    return placing
  })
  return { tensor, placings }
}
