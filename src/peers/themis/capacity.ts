/** What stages carry as they are, and which of them ask for more. @module */
import type { Present, Stage, Target } from '../scaler.ts'
import type { Rules } from './rules.ts'

/** Arrivals a second that the ready instances carry: those of the weakest stage. */
export const capacityOf = (
  rules: Rules,
  stages: readonly Stage[],
  present: readonly Present[],
  loadPerS: number,
): number =>
  Math.min(
    ...present.map(({ instances, starting, cores, batch }, i) =>
      (instances - starting) * rules.throughput(stages[i]!, batch, cores, loadPerS)
    ),
  )

export const needsInstances = (present: readonly Present[], targets: readonly Target[]): boolean =>
  targets.some(({ instances }, i) => instances > present[i]!.instances)

export const isSame = (present: readonly Present[], targets: readonly Target[]): boolean =>
  targets.every(({ instances, cores, batch }, i) => {
    const is = present[i]!
    return instances === is.instances && cores === is.cores && batch === is.batch
  })

/** With no fewer instances than there are: what is too many is for later. */
export const noFewer = (present: readonly Present[], targets: readonly Target[]): Target[] =>
  targets.map((target, i) => ({
    ...target,
    instances: Math.max(target.instances, present[i]!.instances),
  }))
