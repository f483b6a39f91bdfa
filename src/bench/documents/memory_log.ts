/** Memory of each process over the run, as a table and as a picture. @module */
import { median } from '../../cli/statistics.ts'
import { standalone } from '../../sim/report/chart.ts'
import { DOCUMENTS } from './params.ts'

/** What a coordinator and its heir are called in the same line of the picture. */
const sameLine = (name: string) => name.replace(/ \d+$/, '')
/** Told apart also by those who see colours differently (after Okabe and Ito). */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7']

type Sample = { [name: string]: number }

/** Megabytes: medians of the first and of the last quarter of the samples, and the most. */
export function memoryRows(samples: readonly Sample[]) {
  const names = [...new Set(samples.flatMap((sample) => Object.keys(sample)))]
  return names.map((name) => {
    const values = samples.map((sample) => sample[name] ?? NaN).filter((one) => one > 0)
    const quarter = Math.ceil(values.length / 4)
    return {
      ...{ name, first: median(values.slice(0, quarter)), last: median(values.slice(-quarter)) },
      most: Math.max(...values),
    }
  })
}

export function memoryPicture(samples: readonly Sample[]): string {
  const names = [...new Set(samples.flatMap((one) => Object.keys(one).map(sameLine)))]
  const valueOf = (sample: Sample, line: string) =>
    Object.entries(sample).find(([name]) => sameLine(name) === line)?.[1] || null
  return standalone({
    title: 'Resident memory, MB',
    everyS: DOCUMENTS.memoryMs / 1000,
    format: (value) => String(Math.round(value)),
    lines: names.map((name, i) => ({
      ...{ name, color: COLORS[i % COLORS.length]! },
      values: samples.map((sample) => valueOf(sample, name)),
    })),
  })
}
