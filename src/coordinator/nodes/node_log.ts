/**
 * The log of what nodes do, at a bounded rate: a node that reports or joins without end would fill
 * a disk.
 *
 * @module
 */
import type { Log } from '../core/log.ts'
import type { PooledNode } from './nodes.ts'

/** Lines of one node: it may fail to load all variants that a large pool wants it to hold. */
const OWN = { burst: 200, perS: 1 }
/** Lines of all nodes together: a device that joins under new ids counts as many nodes. */
const ALL = { burst: 5000, perS: 5 }
/** Nodes remembered; beyond that the node that was silent for longest begins anew. */
const MAX_NODES = 1000

/** @param short called when lines begin to be left out */
function createBucket(
  { burst, perS }: typeof OWN,
  now: () => number,
  short: () => void,
): () => boolean {
  let left = burst
  let atMs = now()
  let isShort = false
  return function take() {
    const nowMs = now()
    left = Math.min(burst, left + (nowMs - atMs) * perS / 1000)
    atMs = nowMs
    if (left >= 1) {
      left--
      isShort &&= left < burst / 2
      return true
    }
    if (!isShort) short()
    isShort = true
    return false
  }
}

/** @param now monotonic milliseconds */
export function createNodeLog(log: Log, now: () => number): (node: PooledNode) => Log {
  const buckets = new Map<string, () => boolean>()
  const takeOfAll = createBucket(ALL, now, () => {
    log('nodes say too much: most of it is left out here', 'warn', { event: 'node_lines_left_out' })
  })

  function bucketOf({ id, name }: PooledNode): () => boolean {
    const take = buckets.get(id) ?? createBucket(OWN, now, () => {
      if (!takeOfAll()) return
      log(`node ${name} says too much: most of it is left out here`, 'warn', {
        ...{ event: 'node_lines_left_out', node: id, name },
      })
    })
    buckets.delete(id)
    buckets.set(id, take)
    if (buckets.size > MAX_NODES) buckets.delete(buckets.keys().next().value!)
    return take
  }

  return (node) => (line, level, fields) => {
    if (bucketOf(node)() && takeOfAll()) log(line, level, fields)
  }
}
