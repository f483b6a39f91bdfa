/**
 * ONNX files that lie in a pipeline's folder, named by a variant's `model`.
 *
 * They are copied into the store: what is served under a hash stays what it is while somebody
 * writes a new file in its place.
 *
 * @module
 */
import { isAbsolute, join, relative } from 'node:path'
import { type GraphFacts, readGraph } from '../../pipeline/onnx/graph.ts'
import { type PreparedModel, store } from './content_store.ts'

export interface FolderModel extends PreparedModel {
  graph: GraphFacts
}

/** Whether a variant's `model` names a file, and not one that `models.ts` derives. */
export const isFileName = (model: string): boolean => model.toLowerCase().endsWith('.onnx')

/**
 * Reads, checks and stores one.
 *
 * @param name as the variant has it, relative to the folder
 * @throws Error saying what is wrong with the name or the file
 */
export async function readModelFile(
  dir: string,
  name: string,
  cacheDir: string,
): Promise<FolderModel> {
  const bytes = await Deno.readFile(await pathInside(dir, name)).catch((error: Error) => {
    throw new Error(`${name} cannot be read: ${reasonOf(error)}`)
  })
  let graph: GraphFacts
  try {
    graph = readGraph(bytes)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new Error(`${name} is no ONNX model: ${error.message}`)
  }
  if (graph.external) {
    throw new Error(`${name} keeps weights in another file: save it with all of them inside`)
  }
  return { ...await store(cacheDir, bytes), graph }
}

/** The real path of a file of the folder. @throws Error where it is not there, or not inside */
export async function pathInside(dir: string, name: string): Promise<string> {
  // Either way of writing a path leads out on some machine.
  const outside = isAbsolute(name) || name.includes('\\') || name.split('/').includes('..')
  if (outside) throw new Error(`${name} is not a path inside the pipeline's folder`)
  const path = join(dir, name)
  const real = await Deno.realPath(path).catch((error: Error) => {
    throw new Error(`${name} cannot be read: ${reasonOf(error)}`)
  })
  // A link may lead out, too.
  const within = relative(await Deno.realPath(dir), real)
  if (isAbsolute(within) || within.split(/[/\\]/)[0] === '..') {
    throw new Error(`${name} leads out of the pipeline's folder`)
  }
  return real
}

const reasonOf = (error: Error) =>
  error instanceof Deno.errors.NotFound ? 'there is no such file' : error.message
