/**
 * `labels` that a pipeline file keeps in a text file beside it, a line each: nodes are told the
 * labels themselves, since they have no such file.
 *
 * @module
 */
import { PipelineError } from '../../pipeline/error.ts'
import { withoutMark } from '../../pipeline/parse.ts'
import type { Pipeline } from '../../pipeline/schema.ts'
import { pathInside } from './model_files.ts'

/** @throws PipelineError where a file that `labels` names cannot be read */
export async function inlineLabels(pipeline: Pipeline, dir: string, file: string): Promise<void> {
  for (const [taskName, task] of Object.entries(pipeline.tasks)) {
    const at = `tasks.${taskName}`
    await inlineInto(task, dir, file, `${at}.labels`)
    for (const [name, variant] of Object.entries(task.variants)) {
      await inlineInto(variant, dir, file, `${at}.variants.${name}.labels`)
    }
  }
}

async function inlineInto(
  owner: { [field: string]: unknown },
  dir: string,
  file: string,
  at: string,
): Promise<void> {
  const name = owner['labels']
  if (typeof name !== 'string') return
  const text = await pathInside(dir, name).then((path) => Deno.readTextFile(path))
    .catch((error: Error) => {
      throw new PipelineError(file, at, error.message)
    })
  // An empty line is a label, too: that of nothing.
  owner['labels'] = withoutMark(text).replace(/\r?\n$/, '').split(/\r?\n/)
}
