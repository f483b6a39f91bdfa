/**
 * How many documents of one caller are inside the pool at once: few, so that documents which are made to
 * take long hold no slot for long together, and fewer once one of them was given up. Others are not
 * slowed.
 *
 * @module
 */
import { COSTLY } from './params.ts'

export interface Turns {
  /**
   * Calls `begin` when a document of this caller may go inside: at once, or when one has left.
   *
   * @returns what ends its stay, or its wait
   */
  enter(caller: string, begin: () => void): () => void
  /** Whether as many of this caller wait as may. */
  isFull(caller: string): boolean
  /** Whether one more of this caller could go inside now. */
  may(caller: string): boolean
  /** One of this caller was given up after so long. */
  gaveUp(caller: string, tookMs: number): void
}

export interface TurnsOptions {
  now(): number
  /** Calls `action` then. */
  at(atMs: number, action: () => void): void
  /** Of the pool. */
  slots(): number
}

interface Caller {
  inside: number
  waiting: (() => void)[]
  /** Until when none of its documents goes inside. */
  restUntilMs: number
}

export function createTurns({ now, at, slots }: TurnsOptions): Turns {
  const callers = new Map<string, Caller>()

  const isCareful = (restUntilMs: number) => now() < restUntilMs + COSTLY.carefulMs

  function room({ inside, restUntilMs }: Caller): boolean {
    if (now() < restUntilMs) return false
    const most = Math.max(COSTLY.least, COSTLY.perSlot * slots())
    return inside < (isCareful(restUntilMs) ? 1 : most)
  }

  function next(name: string, caller: Caller): void {
    while (caller.waiting.length > 0 && room(caller)) {
      caller.inside++
      caller.waiting.shift()!()
    }
    const isIdle = caller.inside === 0 && caller.waiting.length === 0
    if (isIdle && !isCareful(caller.restUntilMs)) callers.delete(name)
  }

  function callerOf(name: string): Caller {
    const known = callers.get(name)
    const caller = known ?? { inside: 0, waiting: [], restUntilMs: -Infinity }
    if (known === undefined) callers.set(name, caller)
    return caller
  }

  return {
    enter(name, begin) {
      const caller = callerOf(name)
      caller.waiting.push(begin)
      next(name, caller)
      let isOver = false
      return () => {
        if (isOver) return
        isOver = true
        const place = caller.waiting.indexOf(begin)
        if (place >= 0) caller.waiting.splice(place, 1)
        else caller.inside--
        next(name, caller)
      }
    },
    isFull: (name) => (callers.get(name)?.waiting.length ?? 0) >= COSTLY.waiting,
    may: (name) => {
      const caller = callers.get(name)
      return caller === undefined || room(caller)
    },
    gaveUp(name, tookMs) {
      const caller = callerOf(name)
      const restMs = isCareful(caller.restUntilMs) ? COSTLY.rest * tookMs : 0
      const restUntilMs = Math.max(now(), caller.restUntilMs) + restMs
      caller.restUntilMs = restUntilMs
      for (const atMs of [restUntilMs, restUntilMs + COSTLY.carefulMs]) {
        at(atMs, () => next(name, caller))
      }
    },
  }
}
