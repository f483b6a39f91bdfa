/**
 * Whether figures of an earlier time still hold: one warm run of each task says so, or not.
 *
 * A variant's first runs while it loads may speak for the table before there is an idle moment, and
 * never against it: code that is still being compiled is slow on any machine. The run in an idle
 * moment decides.
 *
 * @module
 */
import type { ProfilePoint } from './series.ts'

/** One variant as it was measured. */
export interface RememberedRow {
  /** ISO 8601. */
  measuredAt: string
  /** The model alone. */
  points: ProfilePoint[]
  /** What a real batch took beyond it, per item. */
  beyondMs: number
  /** Its items run one by one, whatever the batch. */
  singly: boolean
}

/** What is remembered of a variant, if anything. */
export type Remembered = (key: string) => RememberedRow | undefined

export interface Recall {
  begin(remembered: Remembered): void
  /** The row of a variant whose task was found to hold. */
  believed(key: string): RememberedRow | undefined
  /** A run while it loaded. True where the task is believed from now on. */
  warmed(key: string, ms: number): boolean
  /** Of the variants held one that is to be run once; nothing where all is decided. */
  toCheck(keys: Iterable<string>): string | undefined
  /** What that run took; nothing where it failed. A text says why the table is given up. */
  ran(key: string, ms: number | undefined): 'holds' | 'again' | { discard: string }
  clear(): void
}

/** A run may take so many times what it took, or as much less. */
export const AGREES_WITHIN = 1.5
/** The first runs of a new worker are slow, and a machine has its moments: the best of so many. */
const MAX_RUNS = 3

const taskOf = (key: string) => key.slice(0, key.lastIndexOf('/'))
const singleMs = (row: RememberedRow | undefined) =>
  row?.points.find(({ batch }) => batch === 1)?.latencyMs

export function createRecall(): Recall {
  let remembered: Remembered | undefined
  const believed = new Set<string>()
  const checked = new Set<string>()
  const runs = new Map<string, number>()

  const agrees = (ms: number, thenMs: number) =>
    ms <= thenMs * AGREES_WITHIN && ms * AGREES_WITHIN >= thenMs

  function clear(): void {
    remembered = undefined
    for (const known of [believed, checked, runs]) known.clear()
  }

  return {
    begin(table) {
      clear()
      remembered = table
    },
    believed: (key) => believed.has(taskOf(key)) ? remembered?.(key) : undefined,
    warmed(key, ms) {
      const thenMs = singleMs(remembered?.(key))
      if (thenMs === undefined || believed.has(taskOf(key)) || !agrees(ms, thenMs)) return false
      believed.add(taskOf(key))
      return true
    },
    toCheck(keys) {
      let best: { key: string; thenMs: number } | undefined
      for (const key of keys) {
        const thenMs = checked.has(taskOf(key)) ? undefined : singleMs(remembered?.(key))
        if (thenMs === undefined || thenMs >= (best?.thenMs ?? Infinity)) continue
        best = { key, thenMs }
      }
      return best?.key
    },
    ran(key, ms) {
      const row = remembered?.(key)
      const thenMs = singleMs(row)
      if (row === undefined || thenMs === undefined) return 'again'
      if (ms !== undefined && agrees(ms, thenMs)) {
        checked.add(taskOf(key))
        believed.add(taskOf(key))
        return 'holds'
      }
      const tries = (runs.get(key) ?? 0) + 1
      runs.set(key, tries)
      if (tries < MAX_RUNS) return 'again'
      clear()
      const now = ms === undefined ? 'cannot be run' : `takes ${ms.toFixed(1)} ms`
      return { discard: `${key} ${now}, ${thenMs.toFixed(1)} ms on ${row.measuredAt.slice(0, 10)}` }
    },
    clear,
  }
}
