/**
 * What the door asks of a query beyond what it needs, behind a queue that stands: time for whoever is
 * first by then to run in a batch that pays.
 *
 * With too little of it the first has time for itself alone each time that a slot is free, and its
 * batch is cut short though others wait: slots then spend much longer on an item, fewer are served,
 * and the queue stands as before. With too much, queries are refused that would have been in time.
 * How much is right depends on how much batches gain and how well the door foresees, so it is fed
 * back: up while batches are cut short, down while they are not, and back toward where it began for
 * each query that was let in and is late; beyond that only while many are.
 *
 * @module
 */
import type { Pressure } from '../demand/pressure.ts'
import type { Filled } from '../dispatch/batching.ts'
import type { Island } from '../pool/islands.ts'
import type { Slot } from '../pool/slots.ts'

/** Share of the time that a query has: to begin with, and at least and most. */
const START = 0.2
const LEAST = 0.02
const MOST = 0.25
/**
 * Once such a share of those let in is late, until no more than a few are, what batches take varies too
 * much for that: then at most this.
 */
const MANY_LATE = 0.2
const FEW_LATE = 0.05
const MOST_LATE = 0.5
/** The share is of about so many. */
const MEMORY = 50
/**
 * Where slots do not hold all: one that was refused there would often have found hands after all. More
 * only where the queue has stood for so much of the whole pool's time: a burst is over by then, and
 * what holds for it is no lesson.
 */
const OF_FEW = 0.03
const LASTING_S = 1
/** It settles where batches that were cut short take this share of the pool's time. */
const CUT_SHARE = 0.2
/** And where this share of those let in misses its deadline: they could have been told at once. */
const MISSED_SHARE = 0.001
/** What a second of the whole pool's time moves it by. */
const STEP_PER_S = 0.15
/** With less than where a query was late, and this, it is not tried again for half a minute. */
const BEYOND = 0.03
const FORGOTTEN_PER_S = 0.001
/** A batch is cut short when it could have been so many times as large. */
const CUT = 2

export interface Door {
  /** Behind a queue that stands. */
  readonly stands: boolean
  /** Share of its time that a query must have left behind a queue that stands. */
  share(island: Pick<Island, 'allHeld'>): number
  /**
   * A batch was sent.
   *
   * @param waiting items that it could have been filled from, its own among them
   * @param slots of the whole pool
   */
  sent(slot: Slot, batch: Filled, waiting: number, slots: number): void
  /** One that was let in was in time. */
  served(): void
  /** One that was let in ran out of time. @param poolMs time of the whole pool that it needed */
  missed(poolMs: number): void
}

/** Learns only while the queue stands. */
export function createDoor(pressure: Pick<Pressure, 'stands'>): Door {
  let share = START
  let least = LEAST
  let ofFew = OF_FEW
  /** Time of the whole pool since it stands. */
  let stoodS = 0
  /** Share of those let in; and whether many are. */
  let late = 0
  let many = false
  const move = (by: number) => share = Math.min(Math.max(share + by, least), Math.max(share, MOST))
  return {
    get stands() {
      return pressure.stands
    },
    share: ({ allHeld }) => allHeld ? share : ofFew,
    sent({ node: { times } }, { close, members }, waiting, slots) {
      if (!pressure.stands) {
        stoodS = 0
        ofFew = OF_FEW
        share = Math.min(share, MOST)
        return
      }
      const { variant } = members[0]!.choice.prefix
      const poolS = times.meanMs(variant, members.length) / Math.max(slots, 1) / 1000
      const isCut = (close === 'slack' || close === 'budget') && waiting >= CUT * members.length
      const by = STEP_PER_S * poolS * (isCut ? 1 - CUT_SHARE : -CUT_SHARE)
      move(by)
      stoodS += poolS
      if (stoodS > LASTING_S) ofFew = Math.min(Math.max(ofFew + by, OF_FEW), MOST)
      least = Math.max(LEAST, least - FORGOTTEN_PER_S * poolS)
    },
    served() {
      late -= late / MEMORY
    },
    missed(poolMs) {
      late += (1 - late) / MEMORY
      many = late > (many ? FEW_LATE : MANY_LATE)
      if (!pressure.stands) return
      const by = STEP_PER_S * poolMs / 1000 * CUT_SHARE / MISSED_SHARE
      if (share >= START) {
        // A few are late by chance, and asking for more does not help them.
        if (many) share = Math.min(share + Math.min(by, BEYOND), MOST_LATE)
        return
      }
      least = Math.min(Math.max(least, share + Math.min(by, BEYOND)), START)
      move(Math.min(by, START - share))
    },
  }
}
