/**
 * Where the picture codecs' WebAssembly files are on this machine.
 *
 * @module
 */
import type { CodecName } from '../../stages/codecs.ts'

const beside = (module: string, file: string): string => {
  return new URL(file, import.meta.resolve(module)).href
}

/** URL (file:) of each codec's WebAssembly, for serving it or compiling it. */
export function codecAssetUrls(): Record<CodecName, string> {
  return {
    jpeg_dec: beside('@jsquash/jpeg/decode.js', 'codec/dec/mozjpeg_dec.wasm'),
    jpeg_enc: beside('@jsquash/jpeg/encode.js', 'codec/enc/mozjpeg_enc.wasm'),
    png: beside('@jsquash/png/decode.js', 'codec/pkg/squoosh_png_bg.wasm'),
    pdfium: beside('@embedpdf/pdfium', 'pdfium.wasm'),
    webp_dec: beside('@jsquash/webp/decode.js', 'codec/dec/webp_dec.wasm'),
  }
}

/** Compiles a codec from this machine's files: the loader that `createCodecs` takes. */
export async function loadLocalCodec(name: CodecName): Promise<WebAssembly.Module> {
  return await WebAssembly.compile(await Deno.readFile(new URL(codecAssetUrls()[name])))
}
