/**
 * The stream of `/v1/events`, opened again whenever it ends.
 *
 * @module
 */
import type { MetricsEvent, NodesEvent, PlanInfo, WorkEvent } from '../../client/types.ts'

export interface Listeners {
  /** The stream begins: all is told anew. */
  opened(): void
  closed(): void
  plan(plan: PlanInfo): void
  node(event: NodesEvent): void
  metrics(event: MetricsEvent): void
  work(event: WorkEvent): void
}

const AGAIN_MS = 3000

export function listen(listeners: Listeners): void {
  const source = new EventSource('/v1/events')
  source.onopen = () => listeners.opened()
  source.onerror = () => {
    listeners.closed()
    // A browser tries again by itself after a lost connection, not after an answer that says no.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(listeners), AGAIN_MS)
  }
  for (const kind of ['plan', 'node', 'metrics', 'work'] as const) {
    source.addEventListener(kind, ({ data }) => listeners[kind](JSON.parse(data)))
  }
}
