/**
 * Makes pictures to ask nodes about out of samples, apart from the coordinator: to encode one takes
 * too long for the coordinator's thread.
 *
 * @module
 */
import { createCodecs } from '../../stages/codecs.ts'
import { cutCrop } from '../../stages/crop.ts'
import { flattenOnWhite } from '../../stages/flatten.ts'
import type { Picture } from '../../stages/types.ts'
import type { PictureType } from '../../stages/whole_file.ts'
import { loadLocalCodec } from './codec_assets.ts'

/** Share of each side that is seen, at the least. */
const LEAST_SEEN = 0.8
/** Radians, either way: as a hand holds a camera. */
const TURN = 0.03
/** Pixels of a side that are kept, as a share. */
const LEAST_SCALE = 0.6
/** Of the contrast, and of 255. */
const GAIN = 0.15
const LIGHT = 20
const NOISE = 6
/** Of JPEG, as cameras and programs write it. */
const QUALITY = { least: 70, most: 95 }

export interface QuestionRequest {
  type: PictureType
  bytes: Uint8Array
}
export type QuestionReply = { bytes: Uint8Array<ArrayBuffer> } | { fault: string }

const codecs = createCodecs(loadLocalCodec)

const random = () => crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32
const between = (least: number, most: number) => least + (most - least) * random()

/** A part of it, turned, smaller, in another light: no two are alike. */
function varied(picture: Picture): Picture {
  const seen = between(LEAST_SEEN, 1)
  const [width, height] = [seen * picture.width, seen * picture.height]
  const scale = between(LEAST_SCALE, 1)
  const cut = cutCrop(picture, {
    width,
    height,
    angle: between(-TURN, TURN),
    cx: between(width / 2, picture.width - width / 2),
    cy: between(height / 2, picture.height - height / 2),
  }, {
    maxWidth: Math.max(1, Math.round(scale * width)),
    maxHeight: Math.max(1, Math.round(scale * height)),
  })
  const [gain, light] = [between(1 - GAIN, 1), between(-LIGHT, LIGHT)]
  // Noise of one run is as good as any: nobody has the picture without it.
  let state = Math.floor(random() * 2 ** 31) | 1
  const data = cut.data.map((value) => {
    state = Math.imul(state, 48271) & 0x7fffffff
    const noise = NOISE * (state / 2 ** 31 - 0.5)
    return Math.min(255, Math.max(0, Math.round(gain * value + light + noise)))
  })
  return { ...cut, data }
}

self.onmessage = async ({ data: { type, bytes } }: MessageEvent<QuestionRequest>) => {
  let reply: QuestionReply
  try {
    const picture = varied(flattenOnWhite(await codecs.decode(type, bytes)))
    const quality = Math.round(between(QUALITY.least, QUALITY.most))
    reply = { bytes: (await codecs.encodeJpeg(picture, quality)).slice() }
  } catch (error) {
    reply = { fault: error instanceof Error ? error.message : String(error) }
  }
  self.postMessage(reply)
}
