/**
 * A small picture to ask `ocr` with: whole pages take a laptop half a second each, two lines show the
 * same.
 *
 * @module
 */
import { join } from 'node:path'
import { createCodecs } from '../stages/codecs.ts'
import { loadLocalCodec } from './serve/codec_assets.ts'
import { ROOT } from './root.ts'

const NOTE = join(ROOT, 'demo', 'samples', 'note.png')
/** The first two of the sample note's lines. */
const CROP_HEIGHT = 215

/** A JPEG. */
export async function twoLines(): Promise<Uint8Array<ArrayBuffer>> {
  const codecs = createCodecs(loadLocalCodec)
  const note = await codecs.decode('image/png', await Deno.readFile(NOTE))
  const data = note.data.subarray(0, note.width * CROP_HEIGHT * note.channels)
  return new Uint8Array(await codecs.encodeJpeg({ ...note, height: CROP_HEIGHT, data }, 90))
}
