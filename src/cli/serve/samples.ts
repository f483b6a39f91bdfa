/**
 * Pictures that come with pipelines, such as people might send.
 *
 * @module
 */
import { join } from 'node:path'
import type { Payload } from '../../coordinator/nodes/payload.ts'
import { checkPicture } from '../../coordinator/http/inputs/picture.ts'
import { ROOT } from '../root.ts'

const SAMPLES = join(ROOT, 'demo', 'samples')
const MAX_SAMPLES = 4

/**
 * Pictures of the pipeline's own folder `samples`, else the project's: those named after it first.
 *
 * @throws Error naming one that cannot be used
 */
export async function samplesOf(dir: string, pipeline: string): Promise<Payload[]> {
  const own = dir === '' ? [] : await picturesIn(join(dir, 'samples'))
  if (own.length > 0) return own
  const named = await picturesIn(SAMPLES, (name) => name.startsWith(pipeline))
  return named.length > 0 ? named : await picturesIn(SAMPLES)
}

async function picturesIn(
  dir: string,
  wanted: (name: string) => boolean = () => true,
): Promise<Payload[]> {
  const found: Payload[] = []
  const entries = await Array.fromAsync(Deno.readDir(dir)).catch(() => [])
  for (const { name, isDirectory } of entries.sort((a, b) => a.name.localeCompare(b.name))) {
    if (found.length >= MAX_SAMPLES || !wanted(name) || !/\.(jpe?g|png|webp)$/i.test(name)) continue
    if (!isDirectory) found.push(await pictureIn(join(dir, name)))
  }
  return found
}

async function pictureIn(file: string): Promise<Payload> {
  try {
    const bytes = await Deno.readFile(file)
    return { meta: { type: checkPicture(bytes).type }, bytes }
  } catch (cause) {
    throw new Error(`Cannot use ${file} as a sample: ${(cause as Error).message}`, { cause })
  }
}
