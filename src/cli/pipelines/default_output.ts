/**
 * `output` of a pipeline file that has none: every tensor that its last tasks give, in a list by the
 * task's name.
 *
 * @module
 */
import type { Pipeline } from '../../pipeline/schema.ts'
import { answerTensors } from '../../pipeline/takes.ts'

export function defaultOutput(pipeline: Pipeline): Pipeline {
  if (pipeline.output !== undefined) return pipeline
  const lists = Object.entries(pipeline.tasks).flatMap(([name, task]) => {
    const fields = Object.keys(answerTensors(task))
    return fields.length === 0 ? [] : [[name, { each: name, with: fields }] as const]
  })
  return lists.length === 0 ? pipeline : { ...pipeline, output: Object.fromEntries(lists) }
}
