/**
 * What the demo asks with.
 *
 * @module
 */
import { bodiesOfFiles, bodiesOfSet } from './load/bodies.ts'
import { makePicture } from '../src/cli/bench_live_scene.ts'
import type { Body } from './load/types.ts'

const BODIES = 24

/** @throws Error where a pipeline has no labelled set */
export async function demoBodies(dir: string, pipeline: string): Promise<Body[]> {
  if (pipeline === 'ocr') {
    // Whole pages take a laptop half a second each; two lines show the same.
    const file = await makePicture()
    const bodies = await bodiesOfFiles([file])
    await Deno.remove(file)
    return bodies
  }
  const bodies = await bodiesOfSet(dir, BODIES)
  if (bodies.length > 0) return bodies
  throw new Error(`Cannot ask: ${dir} has no labelled set of pictures`)
}
