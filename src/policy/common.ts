/**
 * What befalls all nodes at once: they share a machine that another program takes, or a power supply,
 * or a summer's day. Each would find out for itself, batch by batch, and a pool whose queries have the
 * time of a few batches loses most of them meanwhile; and all would be thought slow for as long once
 * it is over. But that several nodes in a row are surprised in the same way is no chance.
 *
 * A level shift is told from outliers by a run of them (as of control charts: Western Electric, 1956).
 *
 * @module
 */
import type { LatencyModel } from './latency_model.ts'
import { type NodeProfile, remodelled } from './node_profile.ts'
import { LEAST_SURPRISE } from './surprise.ts'

export interface Common {
  /** All batches of all nodes take so many times what is thought of each; 1 but for moments. */
  readonly pace: number
  /** A batch ended. @param surprise as in {@linkcode Surprise.last} */
  saw(node: NodeProfile, surprise: number | undefined): void
  /** Called again and again: what lasts is what is usual from then on. */
  relax(nowMs: number): void
}

/** So many batches in a row, and a third of the nodes that ended one of late, */
const IN_A_ROW = 6
const OF_NODES = 1 / 3
/** of so many nodes, or all where there are fewer. One that is surprised alone learns it alone. */
const NODES = 3
/** Of late: among so many batches. */
const LATE = 64
/** What lasts so long is no moment. */
const LASTING_MS = 10_000

/** @param changed told that of all nodes something else is thought now */
export function createCommon(
  nodes: ReadonlyMap<unknown, NodeProfile>,
  changed: () => void,
): Common {
  /** A ring. */
  const latest: NodeProfile[] = []
  let next = 0
  const surprised = new Set<NodeProfile>()
  let count = 0
  let sum = 0
  let pace = 1
  /** When it was first looked at since it is another. */
  let sinceMs: number | undefined

  function forget(): void {
    surprised.clear()
    count = sum = 0
  }

  function each(change: (model: LatencyModel) => void): void {
    for (const node of nodes.values()) {
      for (const model of new Set(node.models.values())) change(model)
      for (const [index, model] of node.models) remodelled(node, index, model)
    }
    changed()
  }

  return {
    get pace() {
      return pace
    },
    saw(node, surprise) {
      latest[next] = node
      next = (next + 1) % LATE
      if (surprise === undefined) return
      if (count > 0 && Math.sign(surprise) !== Math.sign(sum)) forget()
      if (surprise === 0) return
      surprised.add(node)
      count++
      sum += surprise
      if (count < IN_A_ROW) return
      const late = new Set(latest).size
      // What befalls the only one that does anything says nothing of the others.
      if (late < 2 || surprised.size < Math.min(NODES, late) || count < OF_NODES * late) return
      const wanted = pace * Math.exp(sum / count)
      forget()
      if (pace === 1) sinceMs = undefined
      // One that would surprise nobody is none.
      pace = Math.abs(Math.log(wanted)) < LEAST_SURPRISE ? 1 : wanted
      each((model) => model.setPace(pace))
    },
    relax(nowMs) {
      if (pace === 1) return
      sinceMs ??= nowMs
      if (nowMs - sinceMs < LASTING_MS) return
      pace = 1
      each((model) => model.settlePace())
    },
  }
}
