/**
 * The stream of `/v1/events`, opened again whenever it ends.
 *
 * @module
 */
import { createParser } from 'eventsource-parser'
import type {
  ErrorBody,
  MetricsEvent,
  NodesEvent,
  PlanInfo,
  WorkEvent,
} from '../../client/types.ts'
import { askForKey, key, wantsKey } from '../key.ts'

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
  follow(listeners).catch(() => {}).then(() => {
    listeners.closed()
    setTimeout(() => listen(listeners), AGAIN_MS)
  })
}

/** One stream, to its end. Not an `EventSource`, which can show no key. */
async function follow(listeners: Listeners): Promise<void> {
  const shown = key()
  const headers: HeadersInit = shown === undefined ? {} : { authorization: `Bearer ${shown}` }
  const response = await fetch('/v1/events', { headers, cache: 'no-store' })
  if (wantsKey(response.status)) {
    const { error } = await response.json() as ErrorBody
    await askForKey(error)
    return await follow(listeners)
  }
  if (!response.ok || response.body === null) return await response.body?.cancel()
  const parser = createParser({
    onEvent({ event, data }) {
      if (isKind(event)) listeners[event](JSON.parse(data))
    },
  })
  listeners.opened()
  for await (const text of read(response.body.pipeThrough(new TextDecoderStream()))) {
    parser.feed(text)
  }
}

const isKind = (event: string | undefined): event is 'plan' | 'node' | 'metrics' | 'work' =>
  event === 'plan' || event === 'node' || event === 'metrics' || event === 'work'

/** Not every browser iterates a stream by itself. */
async function* read(stream: ReadableStream<string>): AsyncGenerator<string> {
  const reader = stream.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield value
  }
}
