/**
 * Picture codecs as WebAssembly, so that every runtime sees the same pixels.
 *
 * @module
 */
import decodeJpeg, { init as initJpegDecoder } from '@jsquash/jpeg/decode.js'
import encodeJpeg, { init as initJpegEncoder } from '@jsquash/jpeg/encode.js'
import decodePng, { init as initPngDecoder } from '@jsquash/png/decode.js'
import decodeWebp, { init as initWebpDecoder } from '@jsquash/webp/decode.js'
import type { ImageCodecs, Picture } from './types.ts'
import { isWholeFile, type PictureType } from './whole_file.ts'

export type CodecName = 'jpeg_dec' | 'jpeg_enc' | 'png' | 'webp_dec'
export const codecNames: readonly CodecName[] = ['jpeg_dec', 'jpeg_enc', 'png', 'webp_dec']

/** The packages' types leave out that `init` takes a compiled module; it does. */
type Init = (module: WebAssembly.Module) => Promise<unknown>
const initialisers: { [name in CodecName]: Init } = {
  jpeg_dec: initJpegDecoder as unknown as Init,
  jpeg_enc: initJpegEncoder as unknown as Init,
  png: initPngDecoder as Init,
  webp_dec: initWebpDecoder as unknown as Init,
}

/** A decoder's error text may be empty or a bare number: errors of ours say what failed. */
export class PictureError extends Error {
  override name = 'PictureError'
}

/**
 * Codecs whose WebAssembly is fetched at first need, once for each format.
 *
 * JPEG is turned upright as its EXIF orientation says. One call runs at a time for each codec:
 * decoding is synchronous once the module is there.
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
  const ready = async (name: CodecName): Promise<void> => {
    let module = modules.get(name)
    if (module === undefined) {
      module = load(name)
      modules.set(name, module)
      module.catch(() => modules.delete(name))
    }
    const compiled = await module
    if (started.has(name)) return
    started.add(name)
    await initialisers[name](compiled)
  }
  const decodeWith = async (type: PictureType, bytes: Uint8Array): Promise<ImageData> => {
    // The packages' types ask for a whole buffer; their code takes any bytes.
    const buffer = bytes as unknown as ArrayBuffer
    if (type === 'image/jpeg') {
      await ready('jpeg_dec')
      return await decodeJpeg(buffer, { preserveOrientation: true })
    }
    if (type === 'image/png') {
      await ready('png')
      return await decodePng(buffer)
    }
    await ready('webp_dec')
    return await decodeWebp(buffer)
  }
  return {
    decode: async (type, bytes): Promise<Picture> => {
      if (!isWholeFile(type, bytes)) {
        throw new PictureError(`Cannot decode ${type}: received ${bytes.length} bytes, not a file`)
      }
      let image: ImageData
      try {
        image = await decodeWith(type, bytes)
      } catch (cause) {
        // After a trap an Emscripten instance may be left half way: the next call starts afresh.
        const name = type === 'image/jpeg' ? 'jpeg_dec' : type === 'image/png' ? 'png' : 'webp_dec'
        if (name !== 'png') started.delete(name)
        throw new PictureError(`Cannot decode ${type}: the file is damaged`, { cause })
      }
      const { width, height, data } = image
      return { width, height, channels: 4, data: data as Uint8ClampedArray }
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
