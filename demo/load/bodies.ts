/**
 * What to ask with: files, or the labelled set of a pipeline.
 *
 * @module
 */
import { extname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { LabelledModule } from '../../src/stages/labelled.ts'
import type { Body } from './types.ts'

const TYPES: Record<string, string> = {
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.json': 'application/json',
}

/** @throws TypeError for an ending that says nothing of what is inside */
export function bodiesOfFiles(files: readonly string[]): Promise<Body[]> {
  return Promise.all(files.map(async (file) => {
    const type = TYPES[extname(file).toLowerCase()]
    if (type === undefined) {
      throw new TypeError(`Cannot send ${file}: want one of ${Object.keys(TYPES).join(', ')}`)
    }
    return { bytes: await Deno.readFile(file), type }
  }))
}

/** Inputs from the labelled set in a pipeline's folder; nothing where it has none to give. */
export async function bodiesOfSet(dir: string, most: number): Promise<Body[]> {
  const file = join(dir, 'labelled.ts')
  if (!await Deno.stat(file).then(({ isFile }) => isFile, () => false)) return []
  const { labelled } = await import(pathToFileURL(file).href) as LabelledModule
  const set = await labelled()
  if ('skip' in set) return []
  const bodies: Body[] = []
  for (let i = 0; i < Math.min(most, set.count); i++) {
    const { input } = await set.example(i)
    const type = input.meta['type']
    if (typeof type === 'string' && input.bytes !== undefined) {
      bodies.push({ bytes: new Uint8Array(input.bytes), type })
    }
  }
  return bodies
}
