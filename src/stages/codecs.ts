/**
 * Picture codecs as WebAssembly, so that every runtime sees the same pixels.
 *
 * @module
 */
import decodeJpeg, { init as initJpegDecoder } from '@jsquash/jpeg/decode.js'
import encodeJpeg, { init as initJpegEncoder } from '@jsquash/jpeg/encode.js'
import decodeWebp, { init as initWebpDecoder } from '@jsquash/webp/decode.js'
import { pngOrientation } from '../pipeline/png_orientation.ts'
import type { ImageCodecs, Picture } from './types.ts'
import { CodecUnavailableError, PictureError } from './picture_error.ts'
import { createPngDecoder, type PngDecoder } from './png_decoder.ts'
import { upright } from './upright.ts'
import { isWholeFile, type PictureType } from './whole_file.ts'

export type CodecName = 'jpeg_dec' | 'jpeg_enc' | 'png' | 'webp_dec'
export const codecNames: readonly CodecName[] = ['jpeg_dec', 'jpeg_enc', 'png', 'webp_dec']

/** The packages' types leave out that `init` takes a compiled module; it does. */
type Init = (module: WebAssembly.Module, options?: object) => Promise<unknown>

/** Faults come as errors: nothing of theirs is to be printed. */
const quiet = { print: () => {}, printErr: () => {} }
const quietly = (init: unknown): Init => (module) => (init as Init)(module, quiet)

const initialisers: { [name in Exclude<CodecName, 'png'>]: Init } = {
  jpeg_dec: quietly(initJpegDecoder),
  jpeg_enc: quietly(initJpegEncoder),
  webp_dec: quietly(initWebpDecoder),
}

/**
 * Codecs whose WebAssembly is fetched at first need, once for each format.
 *
 * JPEG and PNG are turned upright as their EXIF orientation says. One call runs at a time for each
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
  const started = new Set<CodecName>()
  let png: PngDecoder | undefined
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
  const ready = async (name: keyof typeof initialisers): Promise<void> => {
    const module = await moduleOf(name)
    if (started.has(name)) return
    started.add(name)
    await initialisers[name](module)
  }
  /** The packages' types ask for a whole buffer; their code takes any bytes. */
  const decoders: { [type in PictureType]: (bytes: Uint8Array) => Promise<Picture> } = {
    'image/jpeg': async (bytes) => {
      const buffer = bytes as unknown as ArrayBuffer
      return pictureOf(await decodeJpeg(buffer, { preserveOrientation: true }))
    },
    'image/webp': async (bytes) => pictureOf(await decodeWebp(bytes as unknown as ArrayBuffer)),
    'image/png': async (bytes) => {
      png ??= createPngDecoder(await moduleOf('png'))
      return upright(png(bytes), pngOrientation(bytes))
    },
  }
  return {
    decode: async (type, bytes): Promise<Picture> => {
      if (!isWholeFile(type, bytes)) {
        throw new PictureError(`Cannot decode ${type}: received ${bytes.length} bytes, not a file`)
      }
      // Not being able to load a codec is no fault of the file, so this stays outside the try.
      if (type === 'image/png') await moduleOf('png')
      else await ready(type === 'image/jpeg' ? 'jpeg_dec' : 'webp_dec')
      try {
        return await decoders[type](bytes)
      } catch (cause) {
        // After a trap an instance may be left half way: the next call starts afresh.
        if (type === 'image/png') png = undefined
        else started.delete(type === 'image/jpeg' ? 'jpeg_dec' : 'webp_dec')
        throw new PictureError(`Cannot decode ${type}: the file is damaged`, { cause })
      }
    },
    encodeJpeg: async (picture, quality): Promise<Uint8Array> => {
      await ready('jpeg_enc')
      const { width, height } = picture
      const data = picture.channels === 4 ? picture.data : withAlpha(picture)
      // Baseline and fixed tables: crops are small, and time counts more than bytes.
      const options = { quality, progressive: false, optimize_coding: false }
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

function pictureOf({ width, height, data }: ImageData): Picture {
  return { width, height, channels: 4, data: data as Uint8ClampedArray }
}
