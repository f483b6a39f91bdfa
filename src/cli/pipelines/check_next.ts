/**
 * Whether tasks can follow each other: what one hands on is what the next one takes.
 *
 * @module
 */
import type { Pipeline } from '../../pipeline/schema.ts'
import type { Stage } from '../../stages/types.ts'

/** @param fail told of the first task that can do nothing with what comes to it */
export function checkNext(
  { root, tasks }: Pipeline,
  stages: { readonly [kind: string]: Stage },
  fail: (path: string, fault: string) => never,
): void {
  const stageOf = (task: string) => stages[tasks[task]?.kind ?? '']
  const takesResults = ({ takes = 'text' }: Stage = stages['code']!) =>
    takes === 'text' || takes === 'results'
  if (tasks[root]?.['takes'] !== undefined && stageOf(root)?.takes === 'pictures') {
    fail(`tasks.${root}.takes`, `must not be there: kind ${tasks[root].kind} takes pictures`)
  }
  for (const [name, { kind, next }] of Object.entries(tasks)) {
    const given = stageOf(name)?.handsOn
    next.forEach((child, i) => {
      const at = `tasks.${name}.next.${i}`
      const { gather, kind: childKind } = tasks[child]!
      if (gather === true) {
        // It takes what items gave, not what they handed on.
        if (takesResults(stageOf(child))) return
        fail(
          `tasks.${child}.gather`,
          `kind ${childKind} cannot take what others gave: generate and page-layout can`,
        )
      }
      if (given === 'nothing') fail(at, `${child} cannot follow: kind ${kind} hands on nothing`)
      const wanted = stageOf(child)?.takes
      // Of a program neither is known.
      if (given === undefined || wanted === undefined || given === wanted) return
      fail(
        at,
        `${child} cannot follow: kind ${tasks[child]!.kind} takes ${wanted}, kind ${kind} hands ` +
          `on ${given}: have a task of kind code between them`,
      )
    })
  }
}
