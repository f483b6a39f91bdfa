/**
 * Memory that links take before their hello. Deno gathers a message out of sight, in any number of
 * fragments, so that nobody can count its bytes; what can be seen is that the process grows while
 * such links are open. Then all of them end: a node says hello at once, and comes again.
 *
 * @module
 */

export interface Growth {
  /** Has `end` called where the process grows too much. Returns what calls that off. */
  watch(end: () => void): () => void
}

/** 64 KiB for each of the 1,024 links that may wait. */
export const MAX_GROWTH_BYTES = 64 * 1024 * 1024
/** A network of a gigabit brings 2.5 MB meanwhile. */
const LOOK_EVERY_MS = 20

/** @param memoryBytes what the process takes now */
export function createGrowth(
  memoryBytes: () => number = () => Deno.memoryUsage().rss,
  maxBytes: number = MAX_GROWTH_BYTES,
): Growth {
  const ends = new Set<() => void>()
  let leastBytes = 0
  let timer: ReturnType<typeof setInterval> | undefined

  function look(): void {
    const bytes = memoryBytes()
    leastBytes = Math.min(leastBytes, bytes)
    if (bytes - leastBytes > maxBytes) { for (const end of [...ends]) end() }
  }

  return {
    watch(end) {
      if (ends.size === 0) {
        leastBytes = memoryBytes()
        timer = setInterval(look, LOOK_EVERY_MS)
      }
      // Each its own, though two be the same function.
      const own = () => end()
      ends.add(own)
      return () => {
        if (ends.delete(own) && ends.size === 0) clearInterval(timer)
      }
    },
  }
}
