/**
 * `output` of a pipeline file that has none: every field that its last tasks give, in a list by the
 * task's name, and what is known of an item from the tasks above.
 *
 * @module
 */
import type { Pipeline, Task } from '../../pipeline/schema.ts'
import { answerTensors } from '../../pipeline/takes.ts'
import type { Stage } from '../../stages/types.ts'

type Stages = { readonly [kind: string]: Stage }

/** @param fail told of a last task of whose fields nothing is known */
export function defaultOutput(
  pipeline: Pipeline,
  stages: Stages,
  fail: (fault: string) => never,
): Pipeline {
  if (pipeline.output !== undefined) return pipeline
  const output: NonNullable<Pipeline['output']> = {}
  const visit = (name: string, told: readonly string[]) => {
    const task = pipeline.tasks[name]!
    const stage = stages[task.kind ?? '']
    const own = fieldsOf(task, stage)
    if (own.length > 0) output[name] = { each: name, with: [...new Set([...own, ...told])] }
    else if (task.next.length === 0) fail(unknown(name))
    const below = [...told, ...stage?.tells ?? []]
    for (const child of task.next) visit(child, below)
  }
  visit(pipeline.root, [])
  return { ...pipeline, output }
}

/** What the file calls its answer; of a last task what its kind gives. */
function fieldsOf(task: Task, stage: Stage | undefined): string[] {
  const named = Object.keys(answerTensors(task))
  return named.length > 0 || task.next.length > 0 ? named : stage?.fields?.(task) ?? []
}

const unknown = (task: string) =>
  `is missing, and nothing else says which fields task ${task} gives: name them, as ` +
  `{"${task}": {"each": "${task}", "with": ["FIELD"]}}`
