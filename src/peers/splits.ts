/**
 * How the latency budget of a path is divided among its tasks, and which batch each variant runs.
 *
 * The paper's plan (section 4, constraints 4 to 7) picks a batch for each variant such that the
 * batch latencies on a path in use sum up to at most (SLO - network) / 2. Here every task gets an
 * allowance, every variant its largest worthwhile batch within it; all divisions that matter are
 * tried. So no row needs a product or an indicator, and only plans whose paths would fit with
 * allowances of different sizes for one task are passed over.
 *
 * Feasibility takes the mean latency of the classes, throughput each class's own.
 *
 * @module
 */
import type { PipelineModel, Task, Variant } from './model.ts'
import type { Problem } from './strategy.ts'

/** The paper's set B. */
export const BATCHES = [1, 2, 4, 8, 16, 32, 64] as const
/** Divisions tried of one pipeline. */
const MAX_SPLITS = 64

/** The batch of each variant that can be used. */
export type Split = Map<Variant, number>

/** Mean over the nodes that can run it. */
export function meanLatencyMs({ classes }: Problem, variant: Variant, batch: number): number {
  let sum = 0
  let nodes = 0
  for (const { class: { latencyMs }, count } of classes) {
    const ms = latencyMs(variant, batch)
    if (ms === Infinity || count === 0) continue
    sum += ms * count
    nodes += count
  }
  return nodes === 0 ? Infinity : sum / nodes
}

/** Largest worthwhile batch within the allowance: a larger one that gives no more is not taken. */
export function batchWithin(problem: Problem, variant: Variant, allowanceMs: number): number {
  let best = 0
  let bestPerMs = 0
  for (const batch of BATCHES) {
    const ms = meanLatencyMs(problem, variant, batch)
    if (ms > allowanceMs || batch / ms <= bestPerMs) continue
    best = batch
    bestPerMs = batch / ms
  }
  return best
}

/**
 * @param variantsOf the variants that may be used of a task
 * @param halving 2 as in the paper: as long as a batch runs it may have waited before
 */
export function splitsOf(
  problem: Problem,
  pipeline: PipelineModel,
  variantsOf: (task: Task) => readonly Variant[],
  halving: number,
): Split[] {
  const budgetMs = (pipeline.sloMs - pipeline.depth * problem.roundTripMs) / halving
  const found = new Map<string, Split>()
  const inner = pipeline.tasks.filter(({ children }) => children.length > 0)
  const allowances = new Map<Task, number>()

  /** Allowances that make a difference: latencies of batches, from the largest that fits. */
  const candidates = (task: Task) => {
    const all = new Set<number>()
    for (const variant of variantsOf(task)) {
      for (const batch of BATCHES) {
        const ms = meanLatencyMs(problem, variant, batch)
        if (ms <= budgetMs) all.add(ms)
      }
    }
    return [...all].sort((a, b) => b - a)
  }

  function visit(at: number): void {
    if (at === inner.length) return close()
    for (const allowance of candidates(inner[at]!)) {
      allowances.set(inner[at]!, allowance)
      visit(at + 1)
    }
  }

  function close(): void {
    for (const chain of pipeline.chains) {
      const above = chain.slice(0, -1).reduce((sum, task) => sum + allowances.get(task)!, 0)
      if (above > budgetMs) return
      allowances.set(chain.at(-1)!, budgetMs - above)
    }
    const split: Split = new Map()
    for (const task of pipeline.tasks) {
      let any = false
      for (const variant of variantsOf(task)) {
        const batch = batchWithin(problem, variant, allowances.get(task)!)
        if (batch > 0) split.set(variant, batch)
        if (batch > 0) any = true
      }
      if (!any) return
    }
    found.set([...split].map(([variant, batch]) => `${variant.index}:${batch}`).join(), split)
  }

  visit(0)
  return spaced([...found.values()].filter((split, i, all) => !isBelow(split, i, all)))
}

/** Another split has all its variants, none at a smaller batch: this one cannot be better. */
function isBelow(split: Split, at: number, all: readonly Split[]): boolean {
  return all.some((other, i) =>
    i !== at && other.size >= split.size &&
    [...split].every(([variant, batch]) => (other.get(variant) ?? 0) >= batch)
  )
}

function spaced(splits: Split[]): Split[] {
  if (splits.length <= MAX_SPLITS) return splits
  return Array.from(
    { length: MAX_SPLITS },
    (_, i) => splits[Math.floor(i * splits.length / MAX_SPLITS)]!,
  )
}
