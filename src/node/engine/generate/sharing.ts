/**
 * Which rows may share a run. Our own graphs take any; what others exported may be wrong about rows of
 * unequal lengths, or about several new tokens behind a past, and nothing in the file tells. So a model
 * is tried once: what it says of rows together is held against what it says of each alone.
 *
 * @module
 */
import type { Kv } from './cache.ts'
import type { Row } from './program.ts'

export interface Sharing {
  /** Places of a run that may be filled up so that rows with unequally many new tokens share it. */
  padding: number
  /** Rows whose pasts are of unequal length run apart. */
  evenPasts: boolean
  /** Rows that take several new tokens behind a past run one by one. */
  aloneChunks: boolean
  /** A prompt is read in one run, and behind a past tokens come one by one. */
  wholePrompts: boolean
}

/** A few places cost less than one more run. */
export const OF_SLOT: Sharing = {
  padding: 4,
  evenPasts: false,
  aloneChunks: false,
  wholePrompts: false,
}
/** What any model that runs at all can do. */
export const LEAST: Sharing = {
  padding: 0,
  evenPasts: true,
  aloneChunks: true,
  wholePrompts: true,
}

/** Rows that may share a run, group by group; each row's count is what it is to take. */
export function groupsOf<T extends Row>(rows: readonly T[], sharing: Sharing): T[][] {
  if (!sharing.evenPasts && rows.every(({ count }) => count === rows[0]!.count)) {
    if (rows.length === 0) return []
    if (!sharing.aloneChunks || rows[0]!.count === 1) return [[...rows]]
  }
  const groups: T[][] = []
  for (const row of rows.toSorted((a, b) => b.count - a.count)) {
    const found = groups.find((group) => mayJoin(row, group, sharing))
    if (found === undefined) groups.push([row])
    else found.push(row)
  }
  return groups
}

function mayJoin(row: Row, group: readonly Row[], sharing: Sharing): boolean {
  const { count, kv } = group[0]!
  if (sharing.evenPasts && kv.length !== row.kv.length) return false
  if (sharing.aloneChunks && count > 1 && (kv.length > 0 || row.kv.length > 0)) return false
  if (count === row.count) return true
  const filled = group.reduce((sum, other) => sum + count - other.count, count - row.count)
  return filled <= sharing.padding
}

/** Tokens of the two sequences of a trial, and of the shorter one's. */
const LONG = 6
const SHORT = 3
/** Of the range of the logits: beyond that two answers differ. */
const NEAR = { float32: 2e-3, float16: 2e-2 } as const

/** @param run as a decoder's, with the longest past filled up where rows are uneven */
export async function trySharing(
  run: (rows: readonly Row[], isUneven: boolean) => Promise<Float32Array[]>,
  open: () => Kv,
  vocab: number,
  kind: keyof typeof NEAR,
): Promise<Sharing> {
  const texts = [LONG + 1, SHORT + 1].map((length, n) =>
    Array.from({ length }, (_, i) => (5 * i + 11 * n + 3) % vocab)
  )
  /** The last logits of each, read in steps of so many. */
  async function read(n: number, ...counts: number[]): Promise<{ kv: Kv; logits: Float32Array }> {
    const kv = open()
    let logits = new Float32Array()
    for (const count of counts) {
      const [own] = await run([{ kv, ids: texts[n]!, count }], false)
      logits = own!.slice()
    }
    return { kv, logits }
  }
  const near = (a: Float32Array, b: Float32Array): boolean => {
    const range = a.reduce((most, x) => Math.max(most, x), -Infinity) -
      a.reduce((least, x) => Math.min(least, x), Infinity)
    return a.every((x, i) => Math.abs(x - b[i]!) <= NEAR[kind] * range + 1e-6)
  }
  const holds = async (claim: () => Promise<boolean>): Promise<boolean> => {
    try {
      return await claim()
    } catch (error) {
      if (mayBeFeeds(error)) return false
      throw error
    }
  }

  const whole = await read(0, LONG)
  const goesOn = await holds(async () =>
    near(whole.logits, (await read(0, LONG - SHORT, SHORT)).logits)
  )
  const uneven = await holds(async () => {
    // One run at a time: they are laid out in the same memory.
    const rows = [await read(0, LONG), await read(1, SHORT)]
    const alone = [await read(0, LONG, 1), await read(1, SHORT, 1)]
    const both = await run(rows.map(({ kv }, n) => ({ kv, ids: texts[n]!, count: 1 })), true)
    return alone.every(({ logits }, n) => near(logits, both[n]!))
  })
  const chunksShare = goesOn && await holds(async () => {
    const kvs = [(await read(0, LONG - SHORT)).kv, (await read(0, LONG - SHORT)).kv]
    const both = await run(kvs.map((kv) => ({ kv, ids: texts[0]!, count: SHORT })), false)
    return both.every((logits) => near(whole.logits, logits))
  })
  return {
    padding: 0,
    evenPasts: !uneven,
    aloneChunks: !chunksShare,
    wholePrompts: !goesOn,
  }
}

/** Whether a run failed for what it was given: the next one may well succeed. */
export function mayBeFeeds(error: unknown): boolean {
  const { code } = error as { code?: string }
  return code === 'run_failed' || code === 'not_finite'
}
