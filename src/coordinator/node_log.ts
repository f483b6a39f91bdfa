/**
 * Lines that nodes have written by what they say: a node that says it without end would fill a disk.
 *
 * @module
 */
import type { Log } from './log.ts'
import type { PooledNode } from './nodes.ts'

/** Of one node at once: it may fail to load all of what a large pool asks of it. */
const BURST = 200
const PER_S = 1

interface Bucket {
  left: number
  atMs: number
  isShort: boolean
}

/** @param now monotonic milliseconds */
export function createNodeLog(log: Log, now: () => number): (node: PooledNode) => Log {
  const buckets = new WeakMap<PooledNode, Bucket>()

  function mayTell(node: PooledNode): boolean {
    const nowMs = now()
    let bucket = buckets.get(node)
    if (bucket === undefined) {
      buckets.set(node, bucket = { left: BURST, atMs: nowMs, isShort: false })
    }
    bucket.left = Math.min(BURST, bucket.left + (nowMs - bucket.atMs) * PER_S / 1000)
    bucket.atMs = nowMs
    if (bucket.left >= 1) {
      bucket.left--
      bucket.isShort &&= bucket.left < BURST / 2
      return true
    }
    if (!bucket.isShort) {
      log(`node ${node.name} says too much: most of it is left out here`, 'warn', {
        ...{ event: 'node_lines_left_out', node: node.id, name: node.name },
      })
    }
    bucket.isShort = true
    return false
  }

  return (node) => (line, level, fields) => {
    if (mayTell(node)) log(line, level, fields)
  }
}
