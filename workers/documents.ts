/**
 * Entry point of the worker for documents: they are cut into parts and written with what was read.
 *
 * @module
 */
import { expose, transfer } from 'comlink'
import type { Documents } from '../src/documents/documents.ts'
import { createDocumentsHere } from '../src/documents/here.ts'
import { startPdfium } from '../src/documents/pdf/pdfium.ts'
import { pictureHead } from '../src/pipeline/picture_head.ts'
import { type CodecName, createCodecs } from '../src/stages/codecs.ts'

/** Of PDFium's memory: what it builds of a document, whose bytes stay outside. */
const MOST_PDFIUM_BYTES = 2 ** 30

const PROGRAMS: Record<CodecName, [module: string, file: string]> = {
  jpeg_dec: ['@jsquash/jpeg/decode.js', 'codec/dec/mozjpeg_dec.wasm'],
  jpeg_enc: ['@jsquash/jpeg/encode.js', 'codec/enc/mozjpeg_enc.wasm'],
  png: ['@jsquash/png/decode.js', 'codec/pkg/squoosh_png_bg.wasm'],
  pdfium: ['@embedpdf/pdfium', 'pdfium.wasm'],
  webp_dec: ['@jsquash/webp/decode.js', 'codec/dec/webp_dec.wasm'],
}

async function load(name: CodecName): Promise<WebAssembly.Module> {
  const [module, file] = PROGRAMS[name]
  const response = await fetch(new URL(file, import.meta.resolve(module)))
  return await WebAssembly.compile(await response.arrayBuffer())
}

const codecs = createCodecs(load)
let pdfium: Promise<WebAssembly.Module> | undefined

const documents = createDocumentsHere({
  startPdfium: async () => startPdfium(await (pdfium ??= load('pdfium')), MOST_PDFIUM_BYTES),
  head: pictureHead,
  // Decoders want a file of their own.
  decode: (type, bytes) => codecs.decode(type, bytes.slice()),
  encodeJpeg: (picture, quality) => codecs.encodeJpeg({ ...picture, channels: 4 }, quality),
})

const handedOver = <T extends object>(answer: T): T =>
  'bytes' in answer ? transfer(answer, [(answer.bytes as Uint8Array<ArrayBuffer>).buffer]) : answer

const api: Documents = {
  open: (bytes) => documents.open(bytes),
  part: async (...of) => handedOver(await documents.part(...of)),
  write: async (...of) => handedOver(await documents.write(...of)),
  close: () => documents.close(),
}
expose(api)
