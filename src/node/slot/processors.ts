/**
 * The processors that slots share. Where each run has one thread, there are no more slots than is good.
 * While slots change from few runs of many threads to many of few, a run waits until there are as many
 * processors as it has threads.
 *
 * @module
 */

/** Waits for the turn of a run; returns what is to be called when it is over. */
export type Processors = (threads: number) => Promise<() => void>

/** @param most asked at each use */
export function createProcessors(most: () => number): Processors {
  const running = new Map<symbol, number>()
  let waiting: (() => void)[] = []

  function isFree(threads: number): boolean {
    const all = [...running.values()]
    const taken = all.reduce((sum, one) => sum + one, 0)
    return Math.max(threads, ...all) <= 1 || taken === 0 || taken + threads <= most()
  }

  return async (threads) => {
    while (!isFree(threads)) await new Promise<void>((resolve) => waiting.push(resolve))
    const mine = Symbol()
    running.set(mine, threads)
    return () => {
      running.delete(mine)
      const all = waiting
      waiting = []
      for (const wake of all) wake()
    }
  }
}

/** One turn for all that ask while it lasts; it is over when all of them are. */
export function createShared(
  take: () => Promise<() => void> | undefined,
): () => Promise<() => void> {
  let users = 0
  let turn: Promise<(() => void) | undefined> | undefined
  return async () => {
    users++
    const mine = turn ??= Promise.resolve(take())
    const over = await mine
    return () => {
      if (--users > 0) return
      turn = undefined
      over?.()
    }
  }
}
