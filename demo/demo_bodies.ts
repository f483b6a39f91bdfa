/**
 * What demos and benchmarks of load ask with.
 *
 * @module
 */
import { twoLines } from '../src/cli/two_lines.ts'
import { bodiesOfSet } from './load/bodies.ts'
import type { Body } from './load/types.ts'

const BODIES = 24

/** @throws RangeError where a pipeline has no labelled set */
export async function demoBodies(dir: string, pipeline: string): Promise<Body[]> {
  if (pipeline === 'ocr') return [{ bytes: await twoLines(), type: 'image/jpeg' }]
  const bodies = await bodiesOfSet(dir, BODIES)
  if (bodies.length > 0) return bodies
  throw new RangeError(`Cannot ask: ${dir} has no labelled set of pictures`)
}
