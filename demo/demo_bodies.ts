/**
 * What demos and benchmarks of load ask with.
 *
 * @module
 */
import { join } from 'node:path'
import { loadLocalCodec } from '../src/cli/codec_assets.ts'
import { ROOT } from '../src/cli/root.ts'
import { createCodecs } from '../src/stages/codecs.ts'
import { bodiesOfSet } from './load/bodies.ts'
import type { Body } from './load/types.ts'

const BODIES = 24
const NOTE = join(ROOT, 'demo', 'samples', 'note.png')
/** The first two of the sample note's lines. */
const CROP_HEIGHT = 215

/** @throws Error where a pipeline has no labelled set */
export async function demoBodies(dir: string, pipeline: string): Promise<Body[]> {
  // Whole pages take a laptop half a second each; two lines show the same.
  const bodies = pipeline === 'ocr' ? [await twoLines()] : await bodiesOfSet(dir, BODIES)
  if (bodies.length > 0) return bodies
  throw new Error(`Cannot ask: ${dir} has no labelled set of pictures`)
}

async function twoLines(): Promise<Body> {
  const codecs = createCodecs(loadLocalCodec)
  const note = await codecs.decode('image/png', await Deno.readFile(NOTE))
  const data = note.data.subarray(0, note.width * CROP_HEIGHT * note.channels)
  const bytes = await codecs.encodeJpeg({ ...note, height: CROP_HEIGHT, data }, 90)
  return { bytes: new Uint8Array(bytes), type: 'image/jpeg' }
}
