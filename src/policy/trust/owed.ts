/**
 * What the auditor has to do for queries inside, and so when it would be through with one more: its time
 * is a capacity of the pool, like that of slots. It is shared evenly between clients; see `turns.ts`.
 *
 * @module
 */
import type { PipelineShape } from '../core/graph.ts'
import type { Query } from '../state/query.ts'
import { trust as params } from './params.ts'

export class Owed {
  /** Queries inside and ms that they need of the auditor, by client. */
  private readonly clients = new Map<string, { queries: number; ms: number }>()
  /** ms of the auditor that a query of the pipeline needs. */
  private readonly queryMs = new WeakMap<PipelineShape, number>()

  /** @param guessMs what a query needs before the first was seen */
  needMs(shape: PipelineShape, guessMs?: number): number {
    const known = this.queryMs.get(shape)
    if (known === undefined && guessMs !== undefined) this.queryMs.set(shape, guessMs)
    return known ?? guessMs ?? 0
  }

  /** After how long one more query of this client that needs so much would be through. */
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
    // Its time was up before: it needs what it had at the least.
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
    // One that failed may have needed more than it got.
    if (knownMs === undefined || auditedMs === 0) return
    if (!isAnswered && auditedMs < knownMs) return
    this.queryMs.set(shape, knownMs + params.owedWeight * (auditedMs - knownMs))
  }
}
