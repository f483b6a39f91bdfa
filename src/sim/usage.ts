/**
 * How much of the pool was in use over time, counted, and the energy of that, modelled.
 *
 * A node is awake while it is warm and has a slot in use, or runs something all the same. Cores are
 * those of its slots in use, one at least while it is not cold. Power goes by the share of the node
 * that is busy: of its slots, times the share of its threads that a run has. A slot that runs for a
 * share of the time has that share all along, its rests included.
 *
 * @module
 */
import type { Power } from '../policy/core/elastic.ts'

/** Of a node, from some moment on. */
export interface Use {
  state: 'away' | 'cold' | 'recruiting' | 'warm'
  /** In use, as it was told. */
  slots: number
  threads: number
  /** Slots that run. */
  busy: number
  /** Busy share of the whole node, 0..1. */
  share: number
}

export interface NodeUsage {
  /** From now on it is used so. */
  is(use: Use): void
}

export interface Usage {
  node(power: Power | undefined): NodeUsage
  /** Up to the end of the time that counts. */
  totals(): UsageTotals
}

export interface UsageTotals {
  awakeNodeS: number
  busySlotS: number
  coreS: number
  mostCores: number
  /** At the end of each second. */
  coresAt: number[]
  /** Of the nodes whose power is known. */
  joules: number
}

const AWAY: Use = { state: 'away', slots: 0, threads: 1, busy: 0, share: 0 }

const isAwake = ({ state, slots, busy }: Use) => state === 'warm' && (slots > 0 || busy > 0)

const coresOf = ({ state, slots, threads, busy }: Use): number =>
  state === 'away' || state === 'cold' ? 0 : Math.max(1, Math.max(slots, busy) * threads)

function wattsOf(use: Use, power: Power | undefined): number {
  if (power === undefined || !(isAwake(use) || use.state === 'recruiting')) return 0
  const { idleW, busyW, exponent } = power
  return idleW + (busyW - idleW) * Math.min(1, use.share) ** exponent
}

/** @param endMs what is later does not count */
export function createUsage(time: { readonly nowMs: number }, endMs: number): Usage {
  const sums = { awakeNodeS: 0, busySlotS: 0, joules: 0 }
  let coreMs = 0
  let cores = 0
  let mostCores = 0
  let countedMs = 0
  const coresAt: number[] = []
  const closing: (() => void)[] = []

  function countCores(): void {
    const nowMs = Math.min(time.nowMs, endMs)
    // What changes at the very end of a second belongs to the next.
    while ((coresAt.length + 1) * 1000 <= nowMs) coresAt.push(cores)
    coreMs += cores * (nowMs - countedMs)
    countedMs = nowMs
  }

  return {
    node(power) {
      let now = AWAY
      let watts = 0
      let sinceMs = 0

      function count(): void {
        const untilMs = Math.min(time.nowMs, endMs)
        const passedS = (untilMs - sinceMs) / 1000
        sinceMs = untilMs
        if (!(passedS > 0)) return
        if (isAwake(now)) sums.awakeNodeS += passedS
        sums.busySlotS += now.busy * passedS
        sums.joules += watts * passedS
      }

      closing.push(count)
      return {
        is(use) {
          count()
          const more = coresOf(use) - coresOf(now)
          if (more !== 0) {
            countCores()
            cores += more
            if (time.nowMs < endMs) mostCores = Math.max(mostCores, cores)
          }
          now = use
          watts = wattsOf(use, power)
        },
      }
    },

    totals() {
      for (const close of closing) close()
      countCores()
      return { ...sums, coreS: coreMs / 1000, mostCores, coresAt }
    },
  }
}
