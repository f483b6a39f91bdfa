/**
 * A node that generates, and what is asked of it.
 *
 * @module
 */
import type { Host } from '../../../src/node/host.ts'
import { createNode, type NodeOptions, type VolunteerNode } from '../../../src/node/node.ts'
import type { BatchMessage, NodeMessage } from '../../../src/protocol/messages.ts'
import {
  type Peer,
  type Served,
  startTestCoordinator,
  type TestCoordinator,
} from '../coordinator.ts'
import { batchOf, load, servedFrom, testHost } from '../fixture.ts'

export const ECHO = { pipeline: 'g', task: 'say', variant: 'echo' }
export const OTHER = { pipeline: 'g', task: 'say', variant: 'other' }
export const STAGE = { pipeline: 'g', task: 'then', variant: 'stage' }

const task = { kind: 'generate', context: 4096, rows: 4 }

export const GENERATES = {
  schema: 'shoal-pipeline/1',
  ...{ name: 'g', sloMs: 60_000, root: 'say' },
  tasks: {
    say: {
      ...task,
      next: ['then'],
      variants: { echo: { accuracy: 1, model: 'm' }, other: { accuracy: 0.5, model: 'm' } },
    },
    then: { kind: 'test', next: [], variants: { stage: { accuracy: 1, model: 'm' } } },
  },
}

export interface Scene {
  coordinator: TestCoordinator
  node: VolunteerNode
  peer: Peer
}

/** Runs `play` with a node whose worker takes so many ms a step, and holds these. */
export async function withGenerating(
  variants: (typeof ECHO)[],
  play: (scene: Scene) => Promise<void>,
  { runMs = 1, served, ...options }: Partial<NodeOptions> & { runMs?: number; served?: Served } =
    {},
): Promise<void> {
  const coordinator = startTestCoordinator(
    served ?? await servedFrom(GENERATES, { m: Uint8Array.of(1, 2, 3) }),
  )
  const cache = crypto.randomUUID()
  const worker = new URL('./worker.ts', import.meta.url)
  const host: Host = {
    ...testHost(cache),
    createWorker: () => new Worker(worker, { type: 'module', name: String(runMs) }),
  }
  const node = createNode({
    ...{ host, url: coordinator.url, slots: 1, measure: false, backend: 'wasm' },
    retryMs: { first: 1, most: 5 },
    ...options,
  })
  try {
    await node.start()
    const peer = await coordinator.nextPeer()
    await load(peer, ...variants)
    await play({ coordinator, node, peer })
  } finally {
    await node.stop()
    await coordinator.close()
    while (await caches.delete(cache).then(() => false, () => true)) {
      await new Promise((done) => setTimeout(done, 20))
    }
  }
}

/** Sends a batch of these texts. */
export function say(
  peer: Peer,
  batch: number,
  texts: readonly string[],
  more: Partial<BatchMessage> & { do?: string; variant?: string } = {},
): void {
  const { do: how, ...rest } = more
  const items = texts.map((_, blob) => ({ meta: how ? { do: how } : {}, payload: { blob } }))
  const blobs = texts.map((text) => new TextEncoder().encode(text))
  peer.send({ ...batchOf(batch, ECHO, items), ...rest }, blobs)
}

type Result = Extract<NodeMessage, { type: 'result' }>['items'][number]

/** Fields of the items of a batch, or why there are none. */
export async function answered(peer: Peer, batch: number): Promise<unknown[]> {
  const { message } = await peer.take('result', (m) => m.batch === batch)
  return message.items.map((one: Result) => one.ok ? one.fields : one.reason)
}

/** What was said of an item until now, put together. */
export function heardOf(peer: Peer, batch: number, item = 0): { text: string; ids: number[] } {
  let text = ''
  const ids: number[] = []
  for (const { message } of peer.received) {
    if (message.type !== 'said' || message.batch !== batch) continue
    for (const one of message.items) {
      if (one.item !== item) continue
      if (one.from !== ids.length || one.at !== text.length) throw new Error('said out of order')
      text += one.text
      ids.push(...one.ids)
    }
  }
  return { text, ids }
}

/** Resolves when something was said of an item of this batch. */
export const firstWord = (peer: Peer, batch: number): Promise<unknown> =>
  peer.take('said', (m) => m.batch === batch && m.items.length > 0)
