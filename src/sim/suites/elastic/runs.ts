/** Runs of one scene with one policy over seeds, and tables of them. @module */
import { createScaler, type RulesName } from '../../../peers/scalers.ts'
import { type ElasticResult, type ElasticScene, optionsOf, runElastic } from '../../elastic/run.ts'
import { runShoal } from '../../elastic/shoal_scene.ts'

type Figure = Exclude<keyof ElasticResult, 'coresAt'>

/** Means over the seeds. */
export type Run = { [figure in Figure]: number } & { coresAt: number[] }

/** Shoal's own scheduler, which is no elastic policy: it runs the same scene in the simulator of pools. */
export const SHOAL = 'shoal'

/** A node that is not needed is let go of as soon as an instance of Themis is: its cores count until then. */
const RELEASE = { 'use.releaseMs': 10_000 }

export function runOf(
  scene: ElasticScene,
  policy: string,
  seeds = 1,
  rules?: RulesName,
): Run {
  const results = Array.from({ length: seeds }, (_, i) => {
    const seeded = { ...scene, seed: i + 1 }
    return policy === SHOAL
      ? runShoal(seeded, rules, RELEASE)
      : runElastic(seeded, createScaler(policy, optionsOf(seeded), rules))
  })
  const first = results[0]!
  const figures = Object.keys(first).filter((name): name is Figure => name !== 'coresAt')
  const means = Object.fromEntries(
    figures.map((name) => [name, mean(results.map((one) => one[name]))]),
  ) as { [figure in Figure]: number }
  const coresAt = first.coresAt.map((_, i) => mean(results.map((one) => one.coresAt[i]!)))
  return { ...means, coresAt }
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** Of a shape that the published figures have. */
export const agrees = (does: boolean): string => does ? 'agrees' : 'does not agree'

export const tableOf = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string[] => [lineOf(head), lineOf(head.map(() => '---')), ...rows.map(lineOf)]

const lineOf = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
