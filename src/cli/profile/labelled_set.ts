/**
 * The labelled set of a pipeline's folder.
 *
 * @module
 */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Pipeline } from '../../pipeline/schema.ts'
import type { LabelledModule } from '../../stages/labelled.ts'
import { labelledFiles } from '../pipelines/labelled_files.ts'

/** Made by a program of the folder, or files with labels; `undefined` where there is neither. */
export async function findSet(dir: string, pipeline: Pipeline): Promise<Found> {
  const program = resolve(dir, 'labelled.ts')
  const there = await Deno.stat(program).then(() => true, () => false)
  if (!there) return await labelledFiles(dir, pipeline)
  const module: LabelledModule = await import(pathToFileURL(program).href)
  if (typeof module.labelled !== 'function') {
    throw new Error(`Cannot use ${program}: it exports no function labelled`)
  }
  return await module.labelled()
}
type Found = Awaited<ReturnType<LabelledModule['labelled']>> | undefined
