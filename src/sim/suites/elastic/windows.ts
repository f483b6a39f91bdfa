/** Themis's pipelines under seconds of Twitter. @module */
import type { ElasticScene } from '../../elastic/run.ts'
import {
  type BlockName,
  type PipelineName,
  PIPELINES,
  sceneOf,
  type ThemisData,
  windowPerS,
} from '../../elastic/themis_scenes.ts'
import { percent } from '../rows.ts'
import { agrees, mean, type Run, runOf, SHOAL, tableOf } from './runs.ts'

const PEERS = [
  ...['themis', 'themis-paper', 'horizontal', 'vertical', 'vertical-early', 'inferline', 'fixed'],
]
const POLICIES = [...PEERS, SHOAL]
/** As the figure in the introduction of the paper has it. */
export const COLD_MS = 5000
/** Of Themis's window, before anything rises. */
const QUIET_S = [10, 50] as const

interface Place {
  window: string
  pipeline: PipelineName
  runs: Map<string, Run>
}

/** @param known places whose runs of Shoal are good for these: it has a rule of its own whatever others drop */
export function placesOf(
  data: ThemisData,
  drops: ElasticScene['drops'],
  seeds: number,
  known?: readonly Place[],
  windows: readonly string[] = Object.keys(data.windows).filter(isShown),
): Place[] {
  return windows.flatMap((window) =>
    PIPELINES.map((pipeline) => {
      const perS = windowPerS(data, window, 'head', pipeline)
      const scene = sceneOf(data, 'head', pipeline, perS, { coldMs: COLD_MS, drops, seed: 1 })
      const ours = known?.find((one) => one.window === window && one.pipeline === pipeline)
      return { window, pipeline, runs: runsOf(scene, seeds, ours?.runs.get(SHOAL)) }
    })
  )
}

const isShown = (window: string) => window === 'themis' || window.startsWith('jump')

const runsOf = (scene: ElasticScene, seeds: number, ours = runOf(scene, SHOAL, seeds)) =>
  new Map([
    ...PEERS.map((policy) => [policy, runOf(scene, policy, seeds)] as const),
    [SHOAL, ours] as const,
  ])

const cellOf = ({ violationRatio, violationsBySecond, coreSeconds }: Run) =>
  `${percent(violationRatio)}, ${percent(violationsBySecond)}, ${coreSeconds.toFixed(0)}`

export const windowTable = (places: readonly Place[]): string[] =>
  tableOf(
    ['window, pipeline', ...POLICIES],
    places.map(({ window, pipeline, runs }) => [
      `${window}, ${pipeline}`,
      ...POLICIES.map((policy) => cellOf(runs.get(policy)!)),
    ]),
  )

/** Cores before anything rises: what each costs when little is asked. */
export const quietTable = (places: readonly Place[]): string[] =>
  tableOf(
    ['pipeline', ...POLICIES],
    places.filter(({ window }) => window === 'themis').map(({ pipeline, runs }) => [
      pipeline,
      ...POLICIES.map((policy) => quietCores(runs.get(policy)!).toFixed(1)),
    ]),
  )

const quietCores = ({ coresAt }: Run) => mean(coresAt.slice(...QUIET_S))

export function windowFindings(places: readonly Place[], what: string): string[] {
  const of = (policy: string, pick: (run: Run) => number) =>
    mean(places.map(({ runs }) => pick(runs.get(policy)!)))
  const lost = (policy: string) => of(policy, ({ violationRatio }) => violationRatio)
  const cores = (policy: string) => of(policy, ({ meanCores }) => meanCores)
  const ours = lost('themis')
  const said = ['horizontal', 'vertical-early', 'vertical', SHOAL].map((policy) =>
    `\`${policy}\` ${percent(lost(policy))} (${cores(policy).toFixed(1)} cores)`
  )
  const fewer = lost('horizontal') / Math.max(ours, 1e-6)
  const tall = lost('vertical')
  const rowsWhere = (is: (early: number, ours: number) => boolean) =>
    places.filter(({ runs }) =>
      is(runs.get('vertical-early')!.violationRatio, runs.get('themis')!.violationRatio)
    ).length
  const many = rowsWhere((early) => early > MUCH)
  const no = rowsWhere((early, own) => early <= own)
  return [
    `Windows, ${what}, mean of all rows: \`themis\` loses ${percent(ours)} % with ` +
    `${cores('themis').toFixed(1)} cores, ${said.join(', ')}. That is ${fewer.toFixed(0)} times ` +
    'fewer than `horizontal` (the paper: more than 10). ' +
    (tall > ours
      ? 'It loses less than `vertical`, as in the paper.'
      : 'It does not lose less than `vertical`, other than in the paper: the instances for the ' +
        'busiest second are enough wherever the peak is known beforehand.') +
    ` \`vertical-early\` loses more than ${
      percent(MUCH, 0)
    } % in ${many} of ${places.length} rows, ` +
    `where the rise is beyond its cores, and no more than \`themis\` in ${no}.`,
  ]
}

export function quietFindings(places: readonly Place[]): string[] {
  const own = places.filter(({ window }) => window === 'themis')
  const of = (policy: string) => mean(own.map(({ runs }) => quietCores(runs.get(policy)!)))
  const [ours, wide, tall] = ['themis', 'horizontal', 'vertical'].map(of) as [
    ...[number, number, number],
  ]
  const isNear = Math.abs(ours / wide - 1) < NEAR_SHARE
  return [
    `Cost while little is asked: \`themis\` ${ours.toFixed(1)} cores, \`horizontal\` ` +
    `${wide.toFixed(1)}, \`vertical\` ${tall.toFixed(1)}. That \`themis\` is as \`horizontal\` ` +
    `${agrees(isNear)}, that it is less than \`vertical\` ${agrees(ours < tall)}.`,
  ]
}
const NEAR_SHARE = 0.1
const MUCH = 0.01

/** Profiles, SLOs, division and rules of the artifact at the paper's time. */
export function paperTable(data: ThemisData, seeds: number): string[] {
  const block: BlockName = 'paper'
  const policies = ['themis-paper', 'horizontal', 'vertical-early']
  return tableOf(
    ['pipeline', ...policies],
    PIPELINES.map((pipeline) => {
      const perS = windowPerS(data, 'themis', block, pipeline)
      const rest = { coldMs: COLD_MS, drops: 'own', seed: 1 } as const
      const scene = sceneOf(data, block, pipeline, perS, rest)
      return [pipeline, ...policies.map((policy) => cellOf(runOf(scene, policy, seeds, block)))]
    }),
  )
}
