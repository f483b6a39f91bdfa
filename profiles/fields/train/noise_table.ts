/**
 * Makes `noise.json` of what the `ocr` pipeline read on receipts (`profiles/receipt/train/read.ts`):
 * `deno run -A profiles/fields/train/noise_table.ts --best h32w480 --worst h16w400 FILE`.
 *
 * @module
 */
import { parseArgs } from 'node:util'
import { alignText, pairRows } from './align.ts'
import { type Errors, type NoiseTable, spaceKind } from '../noise.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    best: { type: 'string', default: 'h32w480' },
    worst: { type: 'string', default: 'h16w400' },
  },
})

interface Read {
  name: string
  printed: string[][]
  read: string[][]
}

const all = (await Promise.all(positionals.map((file) => Deno.readTextFile(file))))
  .flatMap((text) => text.trim().split('\n').map((line) => JSON.parse(line) as Read))

/** Rarer ones are chance. */
const fewest = 2

class Counts {
  #counts = new Map<string, Map<string, number>>()

  add(of: string, what: string): void {
    let own = this.#counts.get(of)
    if (own === undefined) this.#counts.set(of, own = new Map())
    own.set(what, (own.get(what) ?? 0) + 1)
  }

  /** Shares of what was not read as it stood. */
  shares(): { [of: string]: { [what: string]: number } } {
    return Object.fromEntries(
      [...this.#counts].sort(([a], [b]) => a < b ? -1 : 1).flatMap(([of, own]) => {
        const seen = own.values().reduce((sum, count) => sum + count, 0)
        const wrong = [...own].filter(([what, count]) => what !== of && count >= fewest)
          .sort((a, b) => b[1] - a[1])
          .map(([what, count]) => [what, rounded(count / seen)])
        return wrong.length > 0 ? [[of, Object.fromEntries(wrong)]] : []
      }),
    )
  }
}

const rounded = (share: number) => Number(share.toPrecision(2))

function errorsOf(name: string): { errors: Errors; characters: number; rate: number } {
  const [characters, spaces, inserted, rows] = [
    new Counts(),
    new Counts(),
    new Counts(),
    new Counts(),
  ]
  let [total, wrong] = [0, 0]
  for (const { printed, read } of all.filter((one) => one.name === name)) {
    for (const { rows: own, found } of pairRows(printed, read)) {
      const text = own.map((runs) => runs.join('\t')).join('\n')
      const kind = /[\p{L}\p{N}]/u.test(text) ? 'text' : 'rule'
      if (found === undefined) {
        rows.add(kind, 'dropped')
        continue
      }
      rows.add(kind, own.length > 1 ? 'joined' : kind)
      if (kind === 'rule') continue
      const steps = alignText(text, found.join('\t'))
      for (const [at, { from, to }] of steps.entries()) {
        if (from === '') {
          inserted.add('any', to)
          wrong++
          continue
        }
        inserted.add('any', 'any')
        total++
        if (from !== to) wrong++
        if (from === ' ') {
          const [before, after] = [steps[at - 1]?.from ?? '', steps[at + 1]?.from ?? '']
          spaces.add(spaceKind(before, after), to === ' ' ? spaceKind(before, after) : 'lost')
        } else if (from !== '\n') characters.add(from, to)
      }
    }
  }
  return {
    characters: total,
    rate: rounded(wrong / total),
    errors: {
      characters: characters.shares(),
      spaces: Object.fromEntries(
        Object.entries(spaces.shares()).map(([kind, shares]) => [kind, shares['lost'] ?? 0]),
      ),
      inserted: inserted.shares()['any'] ?? {},
      rows: rows.shares(),
    },
  }
}

const [best, worst] = [errorsOf(values.best), errorsOf(values.worst)]
const table: NoiseTable = {
  measured: {
    receipts: all.filter(({ name }) => name === values.best).length,
    best: { variant: values.best, characters: best.characters, wrong: best.rate },
    worst: { variant: values.worst, characters: worst.characters, wrong: worst.rate },
  },
  best: best.errors,
  worst: worst.errors,
}
await Deno.writeTextFile(
  new URL('../noise.json', import.meta.url),
  `${JSON.stringify(table, null, 1)}\n`,
)
console.log(table.measured)
