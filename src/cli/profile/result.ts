/**
 * From what workers measured to the figures of a profile.
 *
 * @module
 */
import { pathAccuracyOf } from '../../pipeline/accuracy.ts'
import type { Pipeline } from '../../pipeline/schema.ts'
import { fanOutOf, taskOf, variantOf, variantPaths } from '../../pipeline/tree.ts'
import { accuracyOf, addScores, type Names, noScore, type Score } from '../../stages/labelled.ts'
import type { JsonObject } from '../../stages/types.ts'
import type { ExampleResult } from './messages.ts'
import type { PathProfile, Profile, VariantProfile, VariantTimes } from './types.ts'
import { msOf, waysOf } from './ways.ts'

/**
 * Sums up. The accuracy of a leaf's variant is measured on faultless input, that of any other
 * variant as the best path through it. What no label says anything of stays as the file has it.
 */
export function profileOf(
  pipeline: Pipeline,
  set: { about: JsonObject; names: Names; count: number },
  examples: readonly ExampleResult[],
  times: readonly VariantTimes[],
): Profile {
  const paths = sumBy(examples.map((e) => e.paths))
  const alone = sumBy(examples.map((e) => e.alone))
  const chains = variantPaths(pipeline).map(({ tasks, variants }) => ({
    tasks,
    variants,
    leaf: tasks.at(-1)!,
    score: paths.get(variants.join(' > ')) ?? noScore,
  }))
  /** Leaves of which there was something to find in some example. */
  const told = new Set(chains.filter(({ score }) => score.total > 0).map(({ leaf }) => leaf))
  const scored = told.size > 0
  const accuracyBefore = pathAccuracyOf(pipeline)
  /** Of each branch below a variant the best path through it. */
  const through = (task: string, variant: string): Score[] => {
    const own = chains.filter(({ tasks, variants, leaf }) =>
      told.has(leaf) && variants[tasks.indexOf(task)] === variant
    )
    return bestOfEach(own)
  }
  const variants = times.map((time): VariantProfile => {
    const { task, variant } = time
    const { next } = taskOf(pipeline, task)
    const before = variantOf(pipeline, task, variant)
    const own = alone.get(`${task} > ${variant}`)
    const branches = through(task, variant)
    const found = branches.reduce(addScores, noScore)
    const fanOut = Object.fromEntries(next.map((child) => {
      const counts = examples.map((e) => e.fanOut[`${task} > ${variant} > ${child}`])
      const items = counts.reduce((sum, c) => sum + (c?.items ?? 0), 0)
      const children = counts.reduce((sum, c) => sum + (c?.children ?? 0), 0)
      return [child, items === 0 ? fanOutOf(before, child) : children / items]
    }))
    const unscored = branches.length === 0
    return {
      ...time,
      accuracy: unscored
        ? before.accuracy
        : next.length === 0 && own !== undefined
        ? accuracyOf(own)
        : meanAccuracy(branches),
      ...unscored ? { unscored } : {},
      ...next.length > 0 && found.truths > 0 ? { recall: found.found / found.truths } : {},
      fanOut,
      referenceMs: (time.batches[0]?.minMs ?? 0) + time.otherMs,
    }
  })
  const timeOf = ({ tasks, variants: names }: { tasks: string[]; variants: string[] }) => {
    let items = 1
    let ms = 0
    tasks.forEach((task, i) => {
      const found = variants.find((v) => v.task === task && v.variant === names[i])
      ms += items * (found === undefined ? 0 : msOf(found))
      items *= found?.fanOut[tasks[i + 1] ?? ''] ?? 1
    })
    return ms
  }
  const total = bestOfEach(chains).reduce(addScores, noScore)
  const measured = chains.map(({ tasks, variants, leaf, score }): PathProfile => {
    const unscored = !told.has(leaf)
    return {
      path: variants,
      accuracy: unscored ? accuracyBefore(tasks, variants) : accuracyOf(score),
      ...unscored ? { unscored } : {},
      exact: score.truths === 0 ? 0 : score.exact / score.truths,
      ms: timeOf({ tasks, variants }),
    }
  })
  return {
    pipeline: pipeline.name,
    set: {
      ...set.about,
      [set.names.examples]: set.count,
      [set.names.truths]: total.truths,
      ...set.names.units === undefined ? {} : { [set.names.units]: total.total },
    },
    scored,
    variants,
    paths: measured,
    ways: waysOf(pipeline, variants, measured),
  }
}

/** The best score of each leaf task. */
function bestOfEach(chains: readonly { leaf: string; score: Score }[]): Score[] {
  const best = new Map<string, Score>()
  for (const { leaf, score } of chains) {
    const known = best.get(leaf)
    if (known === undefined || accuracyOf(score) > accuracyOf(known)) best.set(leaf, score)
  }
  return [...best.values()]
}

/** Weighed by what there was to find. */
function meanAccuracy(scores: readonly Score[]): number {
  const truths = scores.reduce((sum, score) => sum + score.truths, 0)
  if (truths === 0) return 0
  return scores.reduce((sum, score) => sum + accuracyOf(score) * score.truths, 0) / truths
}

function sumBy(maps: readonly Record<string, Score>[]): Map<string, Score> {
  const sums = new Map<string, Score>()
  for (const map of maps) {
    for (const [key, score] of Object.entries(map)) {
      sums.set(key, addScores(sums.get(key) ?? noScore, score))
    }
  }
  return sums
}
