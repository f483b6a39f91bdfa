/**
 * What befalls all nodes at once: they share a machine that another program takes, or a power supply,
 * or a summer's day. Each would find out for itself, batch by batch, and a pool whose queries have the
 * time of a few batches loses most of them meanwhile; and all would be thought slow for as long once
 * it is over. But that several nodes in a row are surprised in the same way is no chance.
 *
 * Found by cumulative sums (Page, Biometrika 1954), one for slower and one for quicker: of how much
 * likelier it is that all take twice what is expected than that all is as before, as a logarithm. A few
 * batches tell it that chance does not explain, or more of them where batches vary; and one that is as
 * expected tells the contrary, where that is no chance.
 *
 * @module
 */
import type { LatencyModel } from './latency.ts'
import { type NodeProfile, remodelled } from './node_profile.ts'
import { LEAST_SURPRISE, type Surprise } from './surprise.ts'

export interface Common {
  /** All batches of all nodes take so many times what is thought of each; 1 but for moments. */
  readonly pace: number
  /** A batch ended. */
  saw(node: NodeProfile, surprise: Pick<Surprise, 'log' | 'deviation'>): void
  /** Called again and again: what lasts is what is usual from then on. */
  relax(nowMs: number): void
}

/** The change that is looked for; smaller and larger ones are found, too. */
const TWICE = Math.LN2
/** One batch tells so much at the most, however long it took; six of these are enough, */
const MOST = 1.5
const ENOUGH = 9
/** and as many as a third of the nodes that ended one of late, */
const OF_NODES = 1 / 3
/** of so many nodes, or all where there are fewer. One that is surprised alone learns it alone. */
const NODES = 3
/** Of late: among so many batches. */
const LATE = 64
/** What lasts so long is no moment. */
const LASTING_MS = 10_000

/** Batches since all of them together were as expected. */
interface Side {
  /** 1 for those that took more, -1 for those that took less. */
  sign: 1 | -1
  sum: number
  logs: number
  count: number
  nodes: Set<NodeProfile>
}

const nothing = (sign: 1 | -1): Side => ({ sign, sum: 0, logs: 0, count: 0, nodes: new Set() })

function forget(side: Side): void {
  side.sum = side.logs = side.count = 0
  // It makes a new table even of one that is empty, as it nearly always is.
  if (side.nodes.size > 0) side.nodes.clear()
}

/** @param changed told that of all nodes something else is thought now */
export function createCommon(
  nodes: ReadonlyMap<unknown, NodeProfile>,
  changed: () => void,
): Common {
  /** A ring. */
  const latest: NodeProfile[] = []
  let next = 0
  const sides = [nothing(1), nothing(-1)]
  let pace = 1
  /** When it was first looked at since it is another. */
  let sinceMs: number | undefined

  function each(change: (model: LatencyModel) => void): void {
    for (const node of nodes.values()) {
      for (const model of new Set(node.models.values())) change(model)
      for (const [index, model] of node.models) remodelled(node, index, model)
    }
    changed()
  }

  /** Whether that is so of enough batches and nodes. */
  function isOfAll({ sum, count, nodes }: Side): boolean {
    if (sum < ENOUGH) return false
    const late = new Set(latest).size
    // What befalls the only one that does anything says nothing of the others.
    return late >= 2 && nodes.size >= Math.min(NODES, late) && count >= OF_NODES * late
  }

  function add(side: Side, node: NodeProfile, log: number, deviation: number): void {
    const likelier = TWICE * (side.sign * log - TWICE / 2) / deviation ** 2
    side.sum = Math.min(side.sum + Math.min(likelier, MOST), ENOUGH)
    if (side.sum <= 0) return forget(side)
    side.nodes.add(node)
    side.logs += log
    side.count++
  }

  return {
    get pace() {
      return pace
    },
    saw(node, { log, deviation }) {
      latest[next] = node
      next = (next + 1) % LATE
      if (log === undefined) return
      for (const side of sides) add(side, node, log, deviation)
      const side = sides.find(isOfAll)
      if (side === undefined) return
      const mean = side.logs / side.count
      if (Math.abs(mean) < LEAST_SURPRISE) return
      sides.forEach(forget)
      const wanted = pace * Math.exp(mean)
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
