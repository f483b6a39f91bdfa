/**
 * The stream of `/v1/events`, opened again whenever it ends.
 *
 * @module
 */
import type { Client } from '../../client/client.ts'
import { ShoalError } from '../../client/error.ts'
import type { MetricsEvent, NodesEvent, PlanInfo, WorkEvent } from '../../client/types.ts'
import { withKey } from '../key.ts'

export interface Listeners {
  /** The stream begins: all is told anew. */
  opened(): void
  /** @param why in words, where the coordinator said so */
  closed(why?: string): void
  /** It answers, and wants another key. */
  keyAsked(): void
  plan(plan: PlanInfo): void
  node(event: NodesEvent): void
  metrics(event: MetricsEvent): void
  work(event: WorkEvent): void
}

const AGAIN_MS = 3000

/** Not by an `EventSource`, which can show no key. */
export function listen(client: Client, listeners: Listeners): void {
  withKey(() => follow(client, listeners), listeners.keyAsked).then(() => undefined, refusalIn)
    .then((why) => {
      listeners.closed(why)
      setTimeout(() => listen(client, listeners), AGAIN_MS)
    })
}

/** What was answered, if anything was. */
const refusalIn = (error: unknown): string | undefined =>
  error instanceof ShoalError && error.status > 0 ? error.message : undefined

/** One stream, to its end. */
async function follow(client: Client, listeners: Listeners): Promise<void> {
  let isOpen = false
  for await (const told of client.events()) {
    if (!isOpen) listeners.opened()
    isOpen = true
    if (told.event === 'plan') listeners.plan(told.data)
    else if (told.event === 'node') listeners.node(told.data)
    else if (told.event === 'metrics') listeners.metrics(told.data)
    else listeners.work(told.data)
  }
}
