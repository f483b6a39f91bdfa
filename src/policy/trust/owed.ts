/**
 * Auditor time owed to queries inside, and when the auditor would be done with one more: its time is a
 * capacity of the pool, like that of slots. It is shared evenly among clients; see `turns.ts`.
 *
 * @module
 */
import type { PipelineShape } from '../core/graph.ts'
import type { Query } from '../state/query.ts'
import { trust as params } from './params.ts'

export class Owed {
  /** Queries inside and the auditor ms they need, by client. */
  private readonly clients = new Map<string, { queries: number; ms: number }>()
  /** Auditor ms that a query of the pipeline needs. */
  private readonly queryMs = new WeakMap<PipelineShape, number>()

  /** @param guessMs estimate used before the first query of the pipeline was audited */
  needMs(shape: PipelineShape, guessMs?: number): number {
    const known = this.queryMs.get(shape)
    if (known === undefined && guessMs !== undefined) this.queryMs.set(shape, guessMs)
    return known ?? guessMs ?? 0
  }

  /** ms until the auditor is done with one more query of this client that needs `needMs`. */
  doneInMs(client: string, needMs: number): number {
    const ownMs = needMs + (this.clients.get(client)?.ms ?? 0)
    let sumMs = ownMs
    for (const [other, { ms }] of this.clients) if (other !== client) sumMs += Math.min(ms, ownMs)
    return sumMs
  }

  entered(query: Query, needMs: number): void {
    query.owedMs = needMs
    const all = this.clients.get(query.client) ?? { queries: 0, ms: 0 }
    this.clients.set(query.client, all)
    all.queries++
    all.ms += needMs
  }

  audited(query: Query, tookMs: number): void {
    query.auditedMs += tookMs
    const all = this.clients.get(query.client)
    // The query ended during its audit: the time so far is a lower bound of its need.
    if (query.closed) return this.learn(query, false)
    if (all === undefined) return
    const lessMs = Math.min(query.owedMs, tookMs)
    query.owedMs -= lessMs
    all.ms -= lessMs
  }

  left(query: Query, isAnswered: boolean): void {
    const all = this.clients.get(query.client)
    if (all !== undefined) {
      all.ms -= query.owedMs
      if (--all.queries === 0) this.clients.delete(query.client)
    }
    this.learn(query, isAnswered)
  }

  private learn({ auditedMs, shape }: Query, isAnswered: boolean): void {
    const knownMs = this.queryMs.get(shape)
    // A failed query may have needed more than it got.
    if (knownMs === undefined || auditedMs === 0) return
    if (!isAnswered && auditedMs < knownMs) return
    this.queryMs.set(shape, knownMs + params.owedWeight * (auditedMs - knownMs))
  }
}
