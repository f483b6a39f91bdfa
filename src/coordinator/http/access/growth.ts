/**
 * Memory of links before their hello. Deno gathers a message of any number of fragments internally,
 * so that its bytes cannot be counted; only the growth of the process can be measured. Where it
 * grows too much, all such links are closed: a good node sends its hello at once, and joins again.
 *
 * @module
 */

export interface Growth {
  /** Calls `end` where the process grows too much. Returns a function that ends the watch. */
  watch(end: () => void): () => void
}

/** 64 KiB for each of the 1,024 links that may wait. */
export const MAX_GROWTH_BYTES = 64 * 1024 * 1024
/** A network of a gigabit brings 2.5 MB in this time. */
const CHECK_EVERY_MS = 20

/** @param memoryBytes memory of the process now */
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
        timer = setInterval(look, CHECK_EVERY_MS)
      }
      // A function of its own for each watch: two may pass the same one.
      const own = () => end()
      ends.add(own)
      return () => {
        if (ends.delete(own) && ends.size === 0) clearInterval(timer)
      }
    },
  }
}
