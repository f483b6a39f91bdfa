/**
 * A scenario that no rule was tuned on: three levels, other fan-outs, other SLO, two classes. All
 * numbers are made.
 *
 * @module
 */
import { contenders, held, INSTANCES, type Suite } from './suite.ts'

const SECONDS = 120
/** Queries a second: rises, stays, falls, with a step in the middle. */
const RATES = Array.from({ length: SECONDS }, (_, t) => {
  const rise = 12 + 60 * Math.sin(Math.PI * t / SECONDS) ** 2
  return Math.round(rise * (t >= 70 && t < 80 ? 1.5 : 1))
})
const TABLE =
  `Three levels, ${Math.min(...RATES)} to ${Math.max(...RATES)} queries/s, SLO 600 ms, ` +
  '12 quick and 12 slow nodes'

const BATCHES = [1, 2, 4, 8]
/** A batch takes this much for the first item and this much for each further one. */
const MS: { [variant: string]: [firstMs: number, furtherMs: number] } = {
  'scan-large': [85, 70],
  'scan-medium': [48, 36],
  'scan-small': [25, 17],
  'read-large': [30, 9],
  'read-medium': [20, 5],
  'read-small': [12, 3],
  'sort-large': [16, 6],
  'sort-small': [8, 2],
  'judge-large': [24, 10],
  'judge-medium': [15, 5],
  'judge-small': [8, 3],
}
const latencies = (times: number) =>
  Object.fromEntries(
    Object.entries(MS).map(([variant, [first, further]]) => [
      variant,
      Object.fromEntries(BATCHES.map((n) => [n, times * (first + further * (n - 1))])),
    ]),
  )

const pipeline = {
  schema: 'shoal-pipeline/1',
  name: 'shelves',
  sloMs: 600,
  root: 'scan',
  tasks: {
    scan: {
      next: ['read', 'sort'],
      variants: {
        'scan-large': { accuracy: 0.97, fanOut: { read: 3.2, sort: 1.4 } },
        'scan-medium': { accuracy: 0.9, fanOut: { read: 2.9, sort: 1.3 } },
        'scan-small': { accuracy: 0.74, fanOut: { read: 2.1, sort: 1 } },
      },
    },
    read: {
      next: ['judge'],
      variants: {
        'read-large': { accuracy: 0.98, fanOut: { judge: 2 } },
        'read-medium': { accuracy: 0.93, fanOut: { judge: 1.8 } },
        'read-small': { accuracy: 0.82, fanOut: { judge: 1.5 } },
      },
    },
    sort: {
      next: [],
      variants: { 'sort-large': { accuracy: 0.95 }, 'sort-small': { accuracy: 0.85 } },
    },
    judge: {
      next: [],
      variants: {
        'judge-large': { accuracy: 0.99 },
        'judge-medium': { accuracy: 0.95 },
        'judge-small': { accuracy: 0.84 },
      },
    },
  },
}

export const unseen: Suite = {
  name: 'unseen',
  about: 'three levels, other fan-outs, SLO 600 ms, two classes: not tuned on',
  notes: 'The scenario was made once, before any policy ran on it.',
  alone: true,
  cases: () =>
    INSTANCES.map((instancesPerNode) => ({
      table: TABLE,
      row: held(instancesPerNode),
      scenario: {
        schema: 'shoal-scenario/1',
        pipeline,
        classes: Object.fromEntries(
          [['quick', 1], ['slow', 2.2]].map(([name, times]) => [name, {
            latencyMs: latencies(times as number),
            instancesPerNode,
            swapMs: 1500,
            roundTripMs: 8,
          }]),
        ),
        pool: [{ class: 'quick', count: 12 }, { class: 'slow', count: 12 }],
        trace: { binSeconds: 1, rates: RATES },
        noise: { latencyCv: 0.12 },
        planDelayMs: 300,
        seed: 1,
      },
      contenders: contenders(
        'shoal',
        'loki',
        'loki-published',
        'proteus',
        'inferline',
        'static',
      ),
    })),
}
