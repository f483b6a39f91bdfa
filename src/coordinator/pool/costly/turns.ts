/**
 * Turns of documents: one caller has few of them in the pool at once, so that hostile documents
 * hold no slots for long, and fewer once one of them was given up. Other callers are not slowed.
 *
 * @module
 */
import { COSTLY } from './params.ts'

export interface Turns {
  /**
   * Calls `begin` when it is a document's turn: at once, or when another of its caller has ended.
   *
   * @returns a function that ends its stay, or its wait
   */
  enter(caller: string, begin: () => void): () => void
  /** Whether the most documents of a caller wait. */
  isFull(caller: string): boolean
  /** Whether one more document of a caller would get a turn now. */
  may(caller: string): boolean
  /** Notes that a document of a caller was given up after `tookMs`. */
  gaveUp(caller: string, tookMs: number): void
}

export interface TurnsOptions {
  now(): number
  /** Calls `action` at a time. */
  at(atMs: number, action: () => void): void
  /** Slots of the pool. */
  slots(): number
}

interface Caller {
  inPool: number
  waiting: (() => void)[]
  /** Time until which none of its documents gets a turn. */
  restUntilMs: number
}

export function createTurns({ now, at, slots }: TurnsOptions): Turns {
  const callers = new Map<string, Caller>()

  const isCareful = (restUntilMs: number) => now() < restUntilMs + COSTLY.carefulMs

  function room({ inPool, restUntilMs }: Caller): boolean {
    if (now() < restUntilMs) return false
    const most = Math.max(COSTLY.least, COSTLY.perSlot * slots())
    return inPool < (isCareful(restUntilMs) ? 1 : most)
  }

  function next(name: string, caller: Caller): void {
    while (caller.waiting.length > 0 && room(caller)) {
      caller.inPool++
      caller.waiting.shift()!()
    }
    const isIdle = caller.inPool === 0 && caller.waiting.length === 0
    if (isIdle && !isCareful(caller.restUntilMs)) callers.delete(name)
  }

  function callerOf(name: string): Caller {
    const known = callers.get(name)
    const caller = known ?? { inPool: 0, waiting: [], restUntilMs: -Infinity }
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
        else caller.inPool--
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
