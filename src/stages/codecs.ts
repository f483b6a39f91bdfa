/**
 * Picture codecs as WebAssembly, so that every runtime sees the same pixels.
 *
 * @module
 */
import jpegDecoder from '@jsquash/jpeg/codec/dec/mozjpeg_dec.js'
import encodeJpeg, { init as initJpegEncoder } from '@jsquash/jpeg/encode.js'
import webpDecoder from '@jsquash/webp/codec/dec/webp_dec.js'
import { JPEG, jpegSegments, mostScans } from '../pipeline/jpeg_segments.ts'
import { MAX_PICTURE_PIXELS, pictureHead } from '../pipeline/picture_head.ts'
import { pngOrientation } from '../pipeline/png_orientation.ts'
import type { CodecName } from './codec_name.ts'
import type { ImageCodecs, Picture } from './types.ts'
import { CodecUnavailableError, PictureError, PictureTooLargeError } from './picture_error.ts'
import { goesBeyondPixels } from './png_data.ts'
import { createPngDecoder } from './png_decoder.ts'
import { whyUnread } from './unread.ts'
import { upright } from './upright.ts'
import { isWholeFile, type PictureType } from './whole_file.ts'

export type { CodecName }

/** Faults come as errors: nothing of theirs is to be printed. */
const quiet = { print: () => {}, printErr: () => {} }

/** The package's types leave out that it takes a compiled module; it does. */
const startEncoder = initJpegEncoder as (module: WebAssembly.Module, options: object) => unknown

/**
 * Decodes a file, with the number of pixels from its header; the picture is turned upright.
 *
 * @throws if the file is no such picture; the decoder may then be in the middle of it
 */
export type Decode = (bytes: Uint8Array, pixels: number) => Picture

export interface Decoder {
  decode: Decode
  /** Grows with what is decoded, and never shrinks. */
  memory: WebAssembly.Memory
}

/** Makes an instance of a program that Emscripten compiled, with memory of its own. */
type Factory = (options: object) => Promise<{
  decode(bytes: Uint8Array, ...options: unknown[]): ImageData | null
}>

async function startDecoder(
  factory: unknown,
  module: WebAssembly.Module,
  ...options: unknown[]
): Promise<Decoder> {
  let exports: WebAssembly.Exports = {}
  const program = await (factory as Factory)({
    ...quiet,
    noInitialRun: true,
    instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) {
      const instance = new WebAssembly.Instance(module, imports)
      exports = instance.exports
      done(instance)
      return exports
    },
  })
  const memory = memoryOf(exports)
  let mostBytes = 0
  const { grow } = memory
  // The program asks for more memory by this call, and handles a refusal.
  memory.grow = (pages) => {
    if (memory.buffer.byteLength + pages * PAGE_BYTES > mostBytes) {
      throw new RangeError('Cannot give a decoder more memory than pictures of its size take')
    }
    return grow.call(memory, pages)
  }
  return {
    memory,
    decode(bytes, pixels) {
      mostBytes = LEAST_HEAP_BYTES + bytes.length + pixels * HEAP_BYTES_A_PIXEL
      const image = program.decode(bytes, ...options)
      if (image === null) throw new Error('Cannot decode: received no picture')
      const { width, height, data } = image
      return { width, height, channels: 4, data: data as Uint8ClampedArray }
    },
  }
}

/** The one that a program brings. */
const memoryOf = (exports: WebAssembly.Exports): WebAssembly.Memory =>
  Object.values(exports).find((one) => one instanceof WebAssembly.Memory)!

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
      const { decode, memory } = createPngDecoder(module)
      return Promise.resolve({
        memory,
        decode: (bytes) => upright(decode(bytes), pngOrientation(bytes)),
      })
    },
  },
}

const PAGE_BYTES = 2 ** 16
/**
 * A progressive JPEG has its coefficients, six bytes a pixel, beside its pixels, four; a lossless WebP
 * may have codes by the hundred. Some are made to take a hundred times that.
 */
const HEAP_BYTES_A_PIXEL = 12
const LEAST_HEAP_BYTES = 64 * 2 ** 20
/** Memory of WebAssembly never shrinks: of one that took more, as four megapixels do, a new one is made. */
const KEPT_HEAP_BYTES = 18 * 2 ** 20

/**
 * Codecs whose WebAssembly is fetched at first need, once for each format.
 *
 * JPEG and PNG are turned upright as their EXIF orientation says, a WebP is not: Chromium turns
 * none, and boxes have to lie where a viewer sees them. One call runs at a time for each codec:
 * decoding is synchronous once the module is there.
 *
 * @example
 * ```ts
 * const codecs = createCodecs(async (name) => WebAssembly.compile(await bytesOf(name)))
 * ```
 * @param load gives the compiled module of a codec; a failed load is tried again at the next need
 * @param maxPixels of a picture: there is memory for no more
 */
export function createCodecs(
  load: (name: CodecName) => Promise<WebAssembly.Module>,
  maxPixels = MAX_PICTURE_PIXELS,
): ImageCodecs {
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
      const pixels = pixelsOf(type, bytes)
      if (pixels > maxPixels) {
        throw new PictureTooLargeError(
          `Cannot decode ${pixels} pixels here: there is memory for ${maxPixels}`,
        )
      }
      if (type === 'image/png' && await goesBeyondPixels(bytes)) {
        throw new PictureError(`Cannot decode ${type}: its data goes on beyond its pixels`)
      }
      // Not being able to load a codec is no fault of the file, so this stays outside the try.
      const { decode, memory } = await decoderOf(type)
      try {
        const picture = decode(bytes, pixels)
        if (memory.buffer.byteLength > KEPT_HEAP_BYTES) decoders.delete(type)
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
    library: moduleOf,
  }
}

/** As its header has them. @throws PictureError where it has none, or would take too long to decode */
function pixelsOf(type: PictureType, bytes: Uint8Array): number {
  const head = pictureHead(bytes)
  if (head?.type !== type) throw new PictureError(`Cannot decode ${type}: its header is damaged`)
  const pixels = head.width * head.height
  let scans = 0
  if (type === 'image/jpeg') {
    for (const { marker } of jpegSegments(bytes)) if (marker === JPEG.scan) scans++
  }
  if (scans > mostScans(pixels)) {
    throw new PictureError(`Cannot decode ${type}: ${pixels} pixels in ${scans} scans are too many`)
  }
  return pixels
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
