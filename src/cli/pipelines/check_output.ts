/**
 * `output` of a pipeline file held against what its tasks give: a field that nothing gives would be
 * `null` in every answer.
 *
 * @module
 */
import { CODE } from '../../pipeline/runs_on.ts'
import type { Pipeline } from '../../pipeline/schema.ts'
import { answerTensors } from '../../pipeline/takes.ts'
import type { Stage } from '../../stages/types.ts'

type Stages = { readonly [kind: string]: Stage }

/** @param fail told of the first field that no task gives, and where the file names it */
export function checkOutput(
  pipeline: Pipeline,
  stages: Stages,
  fail: (path: string, fault: string) => never,
): void {
  for (const [list, { each, with: names }] of Object.entries(pipeline.output ?? {})) {
    const known = fieldsKnown(pipeline, each, stages)
    if (known === undefined) continue
    const at = names.findIndex((name) => !known.has(name))
    if (at < 0) continue
    const given = known.size === 0 ? 'nothing' : [...known].join(', ')
    fail(
      `output.${list}.with.${at}`,
      `names field ${
        names[at]
      }, which task ${each} and those above it do not give: they give ${given}`,
    )
  }
}

/** What can be said of an item of the task; `undefined` where a program has a say in it. */
function fieldsKnown(pipeline: Pipeline, each: string, stages: Stages): Set<string> | undefined {
  const known = new Set<string>()
  for (let name: string | undefined = each; name !== undefined; name = parentOf(pipeline, name)) {
    const task = pipeline.tasks[name]!
    if (task.kind === CODE) return undefined
    const stage = stages[task.kind ?? '']
    const tells = name === each ? [] : stage?.tells ?? []
    const own = [...Object.keys(answerTensors(task)), ...stage?.fields?.(task) ?? [], ...tells]
    for (const field of own) known.add(field)
  }
  return known
}

const parentOf = ({ tasks }: Pipeline, child: string): string | undefined =>
  Object.keys(tasks).find((name) => tasks[name]!.next.includes(child))
