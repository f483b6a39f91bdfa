/**
 * Reading a pipeline file: its shape by schema, then what a schema cannot say.
 *
 * @module
 */
import { type Pipeline, pipelineSchema } from './schema.ts'
import { firstFault, PipelineError } from './error.ts'
import { isWithoutModel } from './documents.ts'
import { CODE } from './runs_on.ts'
import { checkTree } from './check.ts'

/** Without what some editors put before a text to say that it is UTF-8. */
export const withoutMark = (text: string): string => text.replace(/^\uFEFF/, '')

/**
 * Parses and checks the text of a pipeline file.
 *
 * @example
 * ```ts
 * const pipeline = parsePipeline(await Deno.readTextFile(file), file)
 * ```
 * @param text JSON of schema `shoal-pipeline/1`
 * @param file only named in errors
 * @throws PipelineError naming file, path and fault
 */
export function parsePipeline(text: string, file: string): Pipeline {
  let json: unknown
  try {
    json = JSON.parse(withoutMark(text))
  } catch (error) {
    throw new PipelineError(file, '', `not JSON: ${(error as Error).message}`)
  }
  const pipeline = checkPipeline(json, file)
  if (pipeline.name.includes('~')) {
    throw new PipelineError(file, 'name', 'must be without a version')
  }
  return pipeline
}

/** As {@linkcode parsePipeline}, for what is parsed already (an inline pipeline of a scenario). */
export function checkPipeline(json: unknown, file: string): Pipeline {
  const parsed = pipelineSchema.safeParse(json)
  if (!parsed.success) {
    const { path, fault } = firstFault(parsed.error)
    throw new PipelineError(file, path, fault)
  }
  checkTree(parsed.data, file)
  return parsed.data
}

/**
 * Checks what serving needs beyond simulating: each task's `kind`, each variant's `model`.
 *
 * @param kinds the stage implementations that exist
 * @throws PipelineError
 */
export function checkRunnable(pipeline: Pipeline, kinds: readonly string[], file: string): void {
  for (const [taskName, task] of Object.entries(pipeline.tasks)) {
    const at = `tasks.${taskName}`
    if (task.kind === undefined || !kinds.includes(task.kind)) {
      throw new PipelineError(
        file,
        `${at}.kind`,
        `must be one of ${kinds.join(', ')}: received ${task.kind ?? 'nothing'}`,
      )
    }
    for (const [variantName, variant] of Object.entries(task.variants)) {
      const path = `${at}.variants.${variantName}.model`
      if (isWithoutModel(task.kind)) {
        if (variant.model === undefined) continue
        throw new PipelineError(file, path, `must not be there: kind ${task.kind} needs no model`)
      }
      // A program may do without.
      if (variant.model === undefined && task.kind !== CODE) {
        throw new PipelineError(file, path, 'is missing')
      }
    }
  }
}
