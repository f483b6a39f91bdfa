/**
 * The books: what became of each root query, by the second it arrived in, and which nodes ran.
 *
 * A root query counts once. On time: a result by its deadline. Late: a result, or none, after it.
 * Dropped: ended without a result before its deadline was over.
 *
 * @module
 */
import { createTable } from '../policy/core/table.ts'
import type { Answer, QueryId } from '../policy/core/types.ts'

interface Bin {
  roots: number
  onTime: number
  accuracySum: number
  activeNodes: number
}

export interface Totals {
  roots: number
  onTime: number
  late: number
  dropped: number
  accuracySum: number
}

interface Root {
  workload: number
  arrivedMs: number
  bin: number
  deadlineMs: number
}

export interface Account {
  bins: readonly Bin[]
  workloads: readonly Totals[]
  /** Of answers on time. */
  latenciesMs: readonly number[]
  arrived(query: QueryId, workload: number, nowMs: number, deadlineMs: number): void
  /** @param accuracyOf of an answer on time, by the number of its workload */
  answered(
    query: QueryId,
    answer: Answer,
    nowMs: number,
    accuracyOf: (workload: number, answer: Extract<Answer, { ok: true }>) => number,
  ): void
  /** Time is over: who has no answer is late. How many there were. */
  close(): number
  /** A node was running a batch from `startMs` to `endMs`. */
  ran(node: NodeActivity, startMs: number, endMs: number): void
}

/** The last bin that a node was counted in. */
export interface NodeActivity {
  countedBin: number
}

const BIN_MS = 1000
/** Rounding of sums of times must not make an answer at the deadline late. */
const EXACT_MS = 1e-6

export function createAccount(durationS: number, workloadCount: number): Account {
  const bins: Bin[] = Array.from(
    { length: Math.max(1, Math.ceil(durationS - 1e-9)) },
    () => ({ roots: 0, onTime: 0, accuracySum: 0, activeNodes: 0 }),
  )
  const workloads: Totals[] = Array.from(
    { length: workloadCount },
    () => ({ roots: 0, onTime: 0, late: 0, dropped: 0, accuracySum: 0 }),
  )
  const latenciesMs: number[] = []
  const roots = createTable<QueryId, Root>()

  return {
    bins,
    workloads,
    latenciesMs,
    arrived(query, workload, nowMs, deadlineMs) {
      const bin = Math.min(Math.floor(nowMs / BIN_MS), bins.length - 1)
      roots.set(query, { workload, arrivedMs: nowMs, bin, deadlineMs })
      bins[bin]!.roots++
      workloads[workload]!.roots++
    },
    answered(query, answer, nowMs, accuracyOf) {
      const root = roots.get(query)
      if (root === undefined) throw new Error(`Cannot count a second answer to ${query}`)
      roots.delete(query)
      const totals = workloads[root.workload]!
      if (answer.ok && nowMs <= root.deadlineMs + EXACT_MS) {
        const accuracy = accuracyOf(root.workload, answer)
        latenciesMs.push(nowMs - root.arrivedMs)
        const bin = bins[root.bin]!
        bin.onTime++
        bin.accuracySum += accuracy
        totals.onTime++
        totals.accuracySum += accuracy
      } else if (nowMs >= root.deadlineMs - EXACT_MS) totals.late++
      else totals.dropped++
    },
    close() {
      for (const { workload } of roots.values()) workloads[workload]!.late++
      return roots.size
    },
    ran(node, startMs, endMs) {
      const first = Math.max(Math.floor(startMs / BIN_MS), node.countedBin + 1)
      const last = Math.min(Math.ceil(endMs / BIN_MS) - 1, bins.length - 1)
      for (let bin = first; bin <= last; bin++) bins[bin]!.activeNodes++
      node.countedBin = Math.max(node.countedBin, last)
    },
  }
}
