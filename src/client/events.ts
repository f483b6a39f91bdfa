/** @module Server-sent events, read with `fetch`: not every runtime has an `EventSource`. */
import type { MetricsEvent, NodesEvent, PlanInfo, WorkEvent } from './types.ts'

/** What the pool tells of itself; the first of each kind tells how things stand. */
export type PoolEvent =
  | { event: 'plan'; data: PlanInfo }
  | { event: 'node'; data: NodesEvent }
  | { event: 'metrics'; data: MetricsEvent }
  | { event: 'work'; data: WorkEvent }

/**
 * Events as they come, until the stream ends; comments and unknown fields are passed over.
 *
 * @param until waits for more bytes, comments among them
 */
export async function* readEvents<Event = PoolEvent>(
  body: ReadableStream<Uint8Array>,
  until: <T>(next: Promise<T>) => Promise<T>,
): AsyncGenerator<Event> {
  const decoder = new TextDecoder()
  const reader = body.getReader()
  let text = ''
  try {
    for (;;) {
      const { done, value } = await until(reader.read())
      if (done) return
      text += decoder.decode(value, { stream: true })
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const event = eventOf<Event>(block)
        if (event !== undefined) yield event
      }
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

function eventOf<Event>(block: string): Event | undefined {
  const fields = new Map<string, string>()
  for (const line of block.split('\n')) {
    const at = line.indexOf(':')
    if (at > 0) fields.set(line.slice(0, at), line.slice(at + 1).trimStart())
  }
  const [event, data] = [fields.get('event'), fields.get('data')]
  return event === undefined || data === undefined
    ? undefined
    : { event, data: JSON.parse(data) } as Event
}
