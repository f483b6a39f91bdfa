/**
 * Who did what: items and time by node and variant, as the answers say.
 *
 * @module
 */
import type { Asked } from './types.ts'

export interface NodeServed {
  /** Items that it did, and what they took of its time. */
  items: number
  computeMs: number
  /** Of all nodes' `computeMs`. */
  share: number
  backends: string[]
  /** Items by task and variant. */
  did: { [task: string]: { [variant: string]: number } }
}

export interface Served {
  [node: string]: NodeServed
}

export function tallyServed(all: readonly Asked[]): Served {
  const nodes: Served = {}
  for (const { servedBy = [] } of all) {
    for (const { node: name, task, variant, backend, items, computeMs } of servedBy) {
      const node = nodes[name] ??= { items: 0, computeMs: 0, share: 0, backends: [], did: {} }
      node.items += items
      node.computeMs += computeMs
      if (!node.backends.includes(backend)) node.backends.push(backend)
      const did = node.did[task] ??= {}
      did[variant] = (did[variant] ?? 0) + items
    }
  }
  const total = Object.values(nodes).reduce((sum, { computeMs }) => sum + computeMs, 0)
  for (const node of Object.values(nodes)) {
    node.share = Number((node.computeMs / Math.max(total, 1e-9)).toFixed(4))
    node.computeMs = Math.round(node.computeMs)
  }
  return Object.fromEntries(Object.entries(nodes).sort(([a], [b]) => a.localeCompare(b)))
}
