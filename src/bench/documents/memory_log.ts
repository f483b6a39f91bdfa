/**
 * Memory of each process over the run, as a table and as a picture.
 *
 * @module
 */
import { median } from '../../cli/statistics.ts'
import { standalone } from '../../sim/report/chart.ts'
import { DOCUMENTS } from './params.ts'

export interface MemoryRow {
  name: string
  samples: number
  /** Megabytes: medians of the first and of the last quarter of the samples, and the most. */
  first: number
  last: number
  most: number
}

/** What a coordinator and its heir are called in the same line of the picture. */
const sameLine = (name: string) => name.replace(/ \d+$/, '')
/** Told apart also by those who see colours differently (after Okabe and Ito). */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7']

export class MemoryLog {
  readonly #samples: { [name: string]: number }[] = []

  add(sample: { [name: string]: number }): void {
    this.#samples.push(sample)
  }

  /** Of the latest sample. */
  get latest(): { [name: string]: number } {
    return this.#samples.at(-1) ?? {}
  }

  rows(): MemoryRow[] {
    const names = [...new Set(this.#samples.flatMap((sample) => Object.keys(sample)))]
    return names.map((name) => {
      const values = this.#of((sample) => sample[name])
      const quarter = Math.ceil(values.length / 4)
      return {
        ...{ name, samples: values.length, first: median(values.slice(0, quarter)) },
        ...{ last: median(values.slice(-quarter)), most: Math.max(...values) },
      }
    })
  }

  svg(): string {
    const names = [...new Set(this.#samples.flatMap((one) => Object.keys(one).map(sameLine)))]
    return standalone({
      title: 'Resident memory, MB',
      everyS: DOCUMENTS.memoryMs / 1000,
      format: (value) => String(Math.round(value)),
      lines: names.map((name, i) => ({
        ...{ name, color: COLORS[i % COLORS.length]! },
        values: this.#samples.map((sample) => {
          const [, value = NaN] = Object.entries(sample).find(([one]) => sameLine(one) === name) ??
            []
          return Number.isNaN(value) ? null : value
        }),
      })),
    })
  }

  #of(pick: (sample: { [name: string]: number }) => number | undefined): number[] {
    return this.#samples.flatMap((sample) => pick(sample) ?? []).filter((one) => one > 0)
  }
}
