/**
 * When work on a station begins, as its slots come free one after the other.
 *
 * @module
 */
import type { Stations } from '../price/stations.ts'
import type { Capacity } from '../state/capacity.ts'
import { readyAtMs } from '../state/slots.ts'

/** How busy a station is. */
export interface Busy {
  /** ms until each busy slot is free, the soonest first. */
  lefts: readonly number[]
  slots: number
}

/** Busy slots of each station. */
export function busyOf({ groups }: Capacity, { of, count }: Stations, nowMs: number): Busy[] {
  const busy = Array.from({ length: count }, () => ({ lefts: [] as number[], slots: 0 }))
  groups.forEach(({ slots }, g) => {
    const own = busy[of[g]!]!
    own.slots += slots.length
    for (const slot of slots) {
      // A batch sent this long before the slot comes free arrives when it does.
      const onewayMs = (slot.batches[slot.batches.length - 1]?.networkMs ?? 0) / 2
      const leftMs = readyAtMs(slot, nowMs) - onewayMs - nowMs
      if (leftMs > 0) own.lefts.push(leftMs)
    }
  })
  for (const { lefts } of busy) lefts.sort((a, b) => a - b)
  return busy
}

export class ComingFree {
  private readonly idle: number
  /** By number of busy slots that have come free: sum of their ms. */
  private readonly sums: number[] = [0]
  /** Indexed alike: slot ms of work begun when the next slot comes free. */
  private readonly begun: number[] = []

  constructor(readonly busy: Busy) {
    const { lefts, slots } = busy
    this.idle = Math.max(0, slots - lefts.length)
    lefts.forEach((ms, k) => {
      this.begun.push((this.idle + k) * ms - this.sums[k]!)
      this.sums.push(this.sums[k]! + ms)
    })
  }

  /** This object if its busy slots are the given ones. */
  as({ lefts, slots }: Busy): this | undefined {
    return this.busy.lefts === lefts && this.busy.slots === slots ? this : undefined
  }

  /** ms until this much work, as ms of the whole station, has begun. */
  beginsMs(ms: number): number {
    const { begun, sums, idle, busy: { slots } } = this
    const work = ms * slots
    let low = idle > 0 ? 0 : 1
    let high = begun.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (begun[middle]! < work) low = middle + 1
      else high = middle
    }
    return (work + (sums[low] ?? 0)) / Math.max(1, idle + low)
  }
}
