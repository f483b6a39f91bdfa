/** The figure in the introduction of Themis's paper. @module */
import {
  INTRO_SLO_MS,
  introScene,
  type Shape,
  type ThemisData,
} from '../../elastic/themis_scenes.ts'
import { percent } from '../rows.ts'
import { type Run, runOf, SHOAL, tableOf } from './runs.ts'

const TITLES: { [shape in Shape]: string } = {
  short: '20/s, for 5 s 120/s',
  long: '20/s, for 40 s 120/s',
  ramp: '20 to 120/s in steps of 10 s',
}
/** What the figure shows of it, by the field of the reference. */
const CELLS: [Shape, string, keyof ThemisData['intro']['violationPercent'] | undefined][] = [
  ['short', 'vertical-early', 'shortVertical'],
  ['short', 'horizontal', 'shortHorizontal'],
  ['short', 'themis', undefined],
  ['short', SHOAL, undefined],
  ['long', 'vertical-early', undefined],
  ['long', 'horizontal', undefined],
  ['long', 'themis', 'longVerticalThenHorizontal'],
  ['long', SHOAL, undefined],
  ['ramp', 'vertical-early', 'rampVertical'],
  ['ramp', 'horizontal', 'rampHorizontal'],
  ['ramp', 'themis', undefined],
  ['ramp', SHOAL, undefined],
]
const SHOWN = CELLS.filter(([, , field]) => field !== undefined)
/** In percent: the figure reckons by whole seconds, without queues. */
const NEAR = 0.5
/** The figure says nothing of time; the more there is of it, the more of a surge can wait. */
const OTHER_SLOS_MS = [100, 200, 500]
/** Of the long surge: while others start, and when they have taken over. */
const EARLY_S = 11
const STEADY_S = 40

export function introTable(data: ThemisData): { lines: string[]; findings: string[] } {
  const runs = runsOf(data, INTRO_SLO_MS, CELLS)
  const near = nearOf(runs)
  const compared = runs.filter(({ expected }) => expected !== undefined).length
  const others = OTHER_SLOS_MS.map((sloMs) =>
    `${nearOf(runsOf(data, sloMs, SHOWN))} with ${sloMs} ms`
  )
  const long = runs.find(({ shape, policy }) => shape === 'long' && policy === 'themis')!.run
  const { vertical, horizontal } = data.intro.coresAtPeak
  return {
    lines: tableOf(
      ['arrivals', 'policy', 'violations %', 'the figure %', 'core-seconds', 'most cores'],
      runs.map(({ shape, policy, expected, run }) => [
        ...[TITLES[shape], policy, percent(run.violationRatio), expected?.toFixed(1) ?? ''],
        ...[run.coreSeconds.toFixed(0), run.mostCores.toFixed(0)],
      ]),
    ),
    findings: [
      `Introduction: ${near} of ${compared} violations are within ${NEAR} points of the figure's ` +
      `with an SLO of ${INTRO_SLO_MS} ms, ${
        others.join(', ')
      }. In the long surge \`themis\` ends with ${coresOf(long, STEADY_S)} cores (the ` +
      `figure: ${horizontal}); before it holds ${coresOf(long, EARLY_S)}, as cores that are ` +
      `starting count here (the figure: ${vertical}).`,
    ],
  }
}

function runsOf(data: ThemisData, sloMs: number, cells: typeof CELLS) {
  return cells.map(([shape, policy, field]) => ({
    shape,
    policy,
    expected: field === undefined ? undefined : data.intro.violationPercent[field],
    run: runOf(introScene(data, shape, sloMs), policy, 1, 'plain'),
  }))
}

/** How many come out as the figure has them. */
const nearOf = (runs: ReturnType<typeof runsOf>): number =>
  runs.filter(({ expected, run }) =>
    expected !== undefined && Math.abs(expected - 100 * run.violationRatio) <= NEAR
  ).length

const coresOf = ({ coresAt }: Run, second: number) => coresAt[second]!.toFixed(0)
