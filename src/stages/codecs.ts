/**
 * Picture codecs as WebAssembly, so that every runtime sees the same pixels.
 *
 * @module
 */
import jpegDecoder from '@jsquash/jpeg/codec/dec/mozjpeg_dec.js'
import encodeJpeg, { init as initJpegEncoder } from '@jsquash/jpeg/encode.js'
import webpDecoder from '@jsquash/webp/codec/dec/webp_dec.js'
import { pngOrientation } from '../pipeline/png_orientation.ts'
import type { ImageCodecs, Picture } from './types.ts'
import { CodecUnavailableError, PictureError } from './picture_error.ts'
import { goesBeyondPixels } from './png_data.ts'
import { createPngDecoder } from './png_decoder.ts'
import { whyUnread } from './unread.ts'
import { upright } from './upright.ts'
import { isWholeFile, type PictureType } from './whole_file.ts'

/** Files of the image codecs; each is fetched when a picture first needs it. */
export type CodecName = 'jpeg_dec' | 'jpeg_enc' | 'png' | 'webp_dec'

/** Faults come as errors: nothing of theirs is to be printed. */
const quiet = { print: () => {}, printErr: () => {} }

/** The package's types leave out that it takes a compiled module; it does. */
const startEncoder = initJpegEncoder as (module: WebAssembly.Module, options: object) => unknown

/** @throws for what is no such picture; what is left of the decoder may be half way in it */
export type Decoder = (bytes: Uint8Array) => Picture

/** Makes an instance of a program that Emscripten compiled, with memory of its own. */
type Factory = (options: object) => Promise<{
  decode(bytes: Uint8Array, ...options: unknown[]): ImageData | null
}>

async function startDecoder(
  factory: unknown,
  module: WebAssembly.Module,
  ...options: unknown[]
): Promise<Decoder> {
  const program = await (factory as Factory)({
    ...quiet,
    noInitialRun: true,
    instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) {
      const instance = new WebAssembly.Instance(module, imports)
      done(instance)
      return instance.exports
    },
  })
  return (bytes) => {
    const image = program.decode(bytes, ...options)
    if (image === null) throw new Error('Cannot decode: received no picture')
    const { width, height, data } = image
    return { width, height, channels: 4, data: data as Uint8ClampedArray }
  }
}

/** A decoder that answers at once; a picture comes turned upright. */
export const startJpegDecoder = (module: WebAssembly.Module): Promise<Decoder> =>
  startDecoder(jpegDecoder, module, true)

interface Kind {
  codec: CodecName
  start(module: WebAssembly.Module): Promise<Decoder>
}

const KINDS: { [type in PictureType]: Kind } = {
  'image/jpeg': { codec: 'jpeg_dec', start: startJpegDecoder },
  'image/webp': { codec: 'webp_dec', start: (module) => startDecoder(webpDecoder, module) },
  'image/png': {
    codec: 'png',
    start(module) {
      const decode = createPngDecoder(module)
      return Promise.resolve((bytes) => upright(decode(bytes), pngOrientation(bytes)))
    },
  },
}

/** Memory of WebAssembly never shrinks: of one that decoded more pixels at once a new one is made. */
const KEPT_PIXELS = 2 ** 22

/**
 * Codecs whose WebAssembly is fetched at first need, once for each format.
 *
 * JPEG and PNG are turned upright as their EXIF orientation says, a WebP is not: Chromium turns none,
 * and boxes are to lie where whoever looks at the picture sees them. One call runs at a time for each
 * codec: decoding is synchronous once the module is there.
 *
 * @example
 * ```ts
 * const codecs = createCodecs(async (name) => WebAssembly.compile(await bytesOf(name)))
 * ```
 * @param load gives the compiled module of a codec; a failed load is tried again at the next need
 */
export function createCodecs(load: (name: CodecName) => Promise<WebAssembly.Module>): ImageCodecs {
  const modules = new Map<CodecName, Promise<WebAssembly.Module>>()
  const decoders = new Map<PictureType, Promise<Decoder>>()
  let encoderStarted = false
  const moduleOf = (name: CodecName): Promise<WebAssembly.Module> => {
    let module = modules.get(name)
    if (module === undefined) {
      module = load(name).catch((cause: unknown) => {
        throw new CodecUnavailableError(`Cannot load codec ${name}: ${cause}`, { cause })
      })
      modules.set(name, module)
      module.catch(() => modules.delete(name))
    }
    return module
  }
  const startedOf = async (type: PictureType): Promise<Decoder> => {
    const { codec, start } = KINDS[type]
    const module = await moduleOf(codec)
    try {
      return await start(module)
    } catch (cause) {
      throw new CodecUnavailableError(`Cannot start codec ${codec}: ${cause}`, { cause })
    }
  }
  const decoderOf = (type: PictureType): Promise<Decoder> => {
    let decoder = decoders.get(type)
    if (decoder === undefined) {
      decoder = startedOf(type)
      decoders.set(type, decoder)
      decoder.catch(() => decoders.delete(type))
    }
    return decoder
  }
  return {
    decode: async (type, bytes): Promise<Picture> => {
      if (!isWholeFile(type, bytes)) {
        throw new PictureError(`Cannot decode ${type}: the file is cut short or damaged`)
      }
      if (type === 'image/png' && await goesBeyondPixels(bytes)) {
        throw new PictureError(`Cannot decode ${type}: its data goes on beyond its pixels`)
      }
      // Not being able to load a codec is no fault of the file, so this stays outside the try.
      const decoder = await decoderOf(type)
      try {
        const picture = decoder(bytes)
        if (picture.width * picture.height > KEPT_PIXELS) decoders.delete(type)
        return picture
      } catch (cause) {
        // After a trap an instance may be left half way: the next call starts afresh.
        decoders.delete(type)
        const why = whyUnread(type, bytes) ?? 'the file is damaged'
        throw new PictureError(`Cannot decode ${type}: ${why}`, { cause })
      }
    },
    encodeJpeg: async (picture, quality): Promise<Uint8Array> => {
      const module = await moduleOf('jpeg_enc')
      if (!encoderStarted) startEncoder(module, quiet)
      encoderStarted = true
      const { width, height } = picture
      const data = picture.channels === 4 ? picture.data : withAlpha(picture)
      // With fixed tables this encoder writes files that decode to other pictures below quality 90.
      const options = { quality, progressive: false, optimize_coding: true }
      return new Uint8Array(
        await encodeJpeg({ data, width, height } as unknown as ImageData, options),
      )
    },
  }
}

function withAlpha({ width, height, data }: Picture): Uint8ClampedArray {
  const out = new Uint8ClampedArray(width * height * 4)
  for (let p = 0, o = 0; o < out.length; p += 3, o += 4) {
    out[o] = data[p]!
    out[o + 1] = data[p + 1]!
    out[o + 2] = data[p + 2]!
    out[o + 3] = 255
  }
  return out
}
