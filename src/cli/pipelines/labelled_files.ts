/**
 * A labelled set without code: files in `labelled/` of a pipeline's folder, and what is true of each
 * in `labelled/labels.json`.
 *
 * @module
 */
import { join } from 'node:path'
import { z } from 'zod'
import { tensorsFromJson } from '../../coordinator/apis/common/infer_request.ts'
import { checkPicture } from '../../coordinator/http/inputs/picture.ts'
import { firstFault, PipelineError } from '../../pipeline/error.ts'
import { withoutMark } from '../../pipeline/parse.ts'
import type { Pipeline } from '../../pipeline/schema.ts'
import { queryTensors } from '../../pipeline/takes.ts'
import type { Labelled, Leaf, Score } from '../../stages/labelled.ts'
import { noScore } from '../../stages/labelled.ts'
import type { JsonObject, StageItem, Tensor } from '../../stages/types.ts'
import { pathInside } from './model_files.ts'

const label = z.union([z.string(), z.number()])
/** Of the one thing in a file, of each of several, or of those that each of several tasks finds. */
const truth = z.union([
  label,
  z.array(label),
  z.record(z.string(), z.union([label, z.array(label)])),
], { error: 'must be a label, a list of labels, or for each task one of these' })

const labelsSchema = z.strictObject({
  schema: z.literal('shoal-labelled/1'),
  /** The field of results that is held against the labels. */
  field: z.string().default('label'),
  files: z.record(z.string(), truth).refine((files) => Object.keys(files).length > 0, {
    error: 'names no file',
  }),
})
type Truth = z.infer<typeof truth>

/**
 * The set; `undefined` where there is none.
 *
 * @throws PipelineError naming the file, the place and the fault
 */
export async function labelledFiles(
  dir: string,
  pipeline: Pipeline,
): Promise<Labelled | undefined> {
  const folder = join(dir, 'labelled')
  const file = join(folder, 'labels.json')
  const text = await Deno.readTextFile(file).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined
    throw error
  })
  if (text === undefined) return undefined
  const parsed = labelsSchema.safeParse(parse(text, file))
  if (!parsed.success) {
    const { path, fault } = firstFault(parsed.error)
    throw new PipelineError(file, path, fault)
  }
  const { field, files } = parsed.data
  const entries = Object.entries(files)
  const ends = Object.keys(pipeline.tasks).filter((task) => pipeline.tasks[task]!.next.length === 0)
  for (const [name, truth] of entries) {
    if (typeof truth !== 'object' || Array.isArray(truth)) continue
    const other = Object.keys(truth).find((task) => !ends.includes(task))
    if (other === undefined) continue
    const fault = `is no task that a branch ends with: there are ${ends.join(', ')}`
    throw new PipelineError(file, `files.${name}.${other}`, fault)
  }
  return {
    about: { kind: 'labelled files' },
    names: { examples: 'files', truths: 'labels', units: 'answers' },
    count: entries.length,
    async example(index) {
      const [name, truth] = entries[index]!
      const input = await readInput(folder, name, pipeline).catch((error: Error) => {
        throw new PipelineError(file, `files.${name}`, error.message)
      })
      return {
        name,
        input,
        // Only of the root is it known what comes in.
        perfect: (task) => Promise.resolve(task === pipeline.root ? [input] : undefined),
        score: (leaves, task) => scoreLabels(labelsOf(truth, task), leaves, field),
      }
    },
  }
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(withoutMark(text))
  } catch (error) {
    throw new PipelineError(file, '', `not JSON: ${(error as Error).message}`)
  }
}

async function readInput(folder: string, name: string, pipeline: Pipeline): Promise<StageItem> {
  const bytes = await Deno.readFile(await pathInside(folder, name))
  const takes = queryTensors(pipeline)
  if (takes !== undefined) {
    const { meta, bytes: packed } = tensorsFromJson(takes, bytes, Infinity)
    return { meta: meta as JsonObject, bytes: packed }
  }
  return { meta: { type: typeOf(bytes) }, bytes }
}

/** The media type by a file's bytes; its name does not count. */
function typeOf(bytes: Uint8Array): string {
  try {
    return checkPicture(bytes).type
  } catch (error) {
    throw new Error(`must be a picture, PNG, JPEG or WebP: ${(error as Error).message}`)
  }
}

function labelsOf(truth: Truth, task: string): (string | number)[] {
  const own = typeof truth === 'object' && !Array.isArray(truth) ? truth[task] ?? [] : truth
  return Array.isArray(own) ? own : [own]
}

/**
 * Labels right, in any order. What was found beyond them counts as wrong as far as it outnumbers
 * them.
 */
export function scoreLabels(
  truths: readonly (string | number)[],
  leaves: readonly Leaf[],
  field: string,
): Score {
  const found = leaves.flatMap(({ fields, tensors }) => {
    const tensor = tensors?.[field]
    // Of no elements none is the largest.
    if (tensor !== undefined) return tensor.data.length === 0 ? [] : [classOf(tensor)]
    const value = fields?.[field]
    return typeof value === 'string' || typeof value === 'number' ? [value] : []
  })
  const left = found.map(String)
  let right = 0
  for (const truth of truths) {
    const at = left.indexOf(String(truth))
    if (at < 0) continue
    left.splice(at, 1)
    right++
  }
  return {
    ...noScore,
    total: truths.length,
    errors: Math.max(truths.length, found.length) - right,
    truths: truths.length,
    found: Math.min(truths.length, found.length),
    exact: right,
  }
}

/** Of several numbers the place of the largest; one number alone, rounded. */
function classOf({ data }: Tensor): number {
  if (data.length === 1) return Math.round(Number(data[0]))
  let best = 0
  for (let i = 1; i < data.length; i++) if (data[i]! > data[best]!) best = i
  return best
}
