/**
 * What node and coordinator say to each other. Control goes as JSON text, batches and results as
 * one binary frame each (see `frame.ts`) whose header is one of these messages too.
 *
 * Times are durations, never instants: the two clocks have nothing in common.
 *
 * @module
 */
import { z } from 'zod'
import { saidMessage } from './said.ts'

/** Raised with every change that an older side could not follow. */
export const PROTOCOL_VERSION = 1

/** Largest frame on a link, in bytes, either way. A larger one closes the link with 1009. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024

/** Close codes of the link beyond those of RFC 6455. */
export const CLOSE = {
  /** No valid `hello` in time, or a token that does not fit. */
  unauthorized: 4401,
  /** The two sides speak different versions. */
  protocol: 4426,
  /** A newer link of the same node took over. */
  replaced: 4409,
  /** The other side sent something that is no message. */
  malformed: 1007,
  tooLarge: 1009,
} as const

const id = z.string().min(1).max(128)
const ms = z.number().min(0).max(1e9)
const count = z.number().int().min(0).max(1e6)
/** Ids that only grow: a coordinator may run for months. */
const serial = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const bytes = z.number().int().min(0).max(1e12)
/** Deeper than any pipeline nests what it hands on; far deeper, whoever walks it runs out of stack. */
const MAX_DEPTH = 32
export const MAX_BATCH_ITEMS = 1024
/** Most items that one hands to one child task. */
export const MAX_CHILDREN = 4096
/** Longest name of a field, in characters. */
export const MAX_NAME = 128
/** Of a tensor: most dimensions, and the longest name of a type. */
export const MAX_RANK = 8
export const MAX_TYPE_NAME = 16

/** What is looked at came out of `JSON.parse`, so that it is JSON whatever else it is. */
export function isShallow(value: unknown, left = MAX_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (left === 0) return false
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isShallow(value[i], left - 1)) return false
    return true
  }
  for (const name in value) {
    if (!isShallow((value as Record<string, unknown>)[name], left - 1)) return false
  }
  return true
}

const anyJson = z.custom<z.core.util.JSONType>(isShallow, 'is nested too deeply')
const json = z.record(z.string().max(MAX_NAME), anyJson)

const ref = { pipeline: id, task: id, variant: id }
const instance = z.object({ slot: count, ...ref })
const point = z.object({ batch: z.number().int().min(1).max(1024), latencyMs: ms })

/** Where an item's bytes are: the n-th blob of this frame, or kept by the node under `key`. */
const payload = z.union([z.object({ blob: count }), z.object({ key: id })])

const backend = z.enum(['wasm', 'webgpu', 'native'])
/** Why that backend, in one sentence. */
const backendReason = z.string().max(500)
/** Threads inside one run of a model. */
const threads = z.number().int().min(1).max(256)
/** How many times as fast a batch runs with 1, 2, ... threads as with one, up to the most lent. */
const speedups = z.array(z.number().min(0.01).max(256)).min(2).max(256)
const slots = z.number().int().min(1).max(256)
/** Of those of a node; with none the node rests. */
const slotsInUse = z.number().int().min(0).max(256)
/** Share of the time to work. */
const duty = z.number().min(0.01).max(1)
/** `least`: of models that are not cached, only the smallest of each task. All by default. */
const downloads = z.enum(['all', 'least'])
/** Content hashes of models that a node need not download. */
const cached = z.array(z.string().length(64)).max(1024)
/** Most watts that a device may be said to take: a large workstation with a large graphics card. */
export const MAX_WATTS = 1000
const watts = z.number().min(0).max(MAX_WATTS)
/** What WebGPU says of the node's device; sizes in bytes. */
const device = z.object({
  vendor: z.string().max(100),
  architecture: z.string().max(100),
  description: z.string().max(100),
  /** It runs on the processor. */
  software: z.boolean(),
  maxBufferSize: bytes,
  maxStorageBufferBindingSize: bytes,
  shaderF16: z.boolean(),
})

export const nodeMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('hello'),
    protocol: z.number().int(),
    token: z.string().max(512).optional(),
    /** Stable across runs of the same node. */
    nodeId: id,
    /** Shows that this is the node that came with this id first; see `node/identity.ts`. */
    secret: z.string().min(32).max(128).optional(),
    /** Raised each time the node starts or rejoins: the newer link wins. */
    epoch: z.number().int().min(0),
    name: z.string().min(1).max(64).optional(),
    runtime: z.enum(['deno', 'browser']).optional(),
    backend: backend.optional(),
    backendReason: backendReason.optional(),
    device: device.optional(),
    threadsPerRun: threads.optional(),
    slots: slots.optional(),
    duty: duty.optional(),
    /** What the node may take in all, and what one slot of it may hold in models. */
    memoryBytes: bytes.optional(),
    slotMemoryBytes: bytes.optional(),
    /** Largest picture that it has memory to decode; absent: any. */
    maxPixels: z.number().int().min(1).optional(),
    downloads: downloads.optional(),
    /** The volunteer lets programs of pipelines' authors run. */
    code: z.boolean().optional(),
    cached: cached.optional(),
    /** Nothing is to be downloaded there until it is needed. */
    cold: z.boolean().optional(),
    speedups: speedups.optional(),
    /** What the volunteer says that the device takes, at rest and busy. */
    watts: z.object({ idle: watts, busy: watts }).optional(),
  }),
  z.object({
    type: z.literal('ready'),
    loadMs: ms,
    ...instance.shape,
    /** Where this variant runs on another backend than the node: the GPU cannot take it. */
    backend: backend.optional(),
    backendReason: backendReason.optional(),
  }),
  z.object({
    type: z.literal('load_failed'),
    /** Where it is for a limit of the volunteer's; trying again changes nothing then. */
    reason: z.enum(['out_of_memory_budget', 'downloads_limited', 'code_not_allowed']).optional(),
    message: z.string().max(2000),
    ...instance.shape,
  }),
  z.object({
    type: z.literal('report'),
    paused: z.boolean().optional(),
    /** With `paused: true`: what for, as `volunteer`, `battery`, `hidden`, `pressure`. */
    pausedBy: z.string().max(64).optional(),
    slots: z.number().int().min(0).max(256).optional(),
    /** The node moved to another backend, or found out that it need not. */
    backend: backend.optional(),
    backendReason: backendReason.optional(),
    threadsPerRun: threads.optional(),
    speedups: speedups.optional(),
    /** As in `hello`, where that changed: the volunteer's link did. */
    downloads: downloads.optional(),
    cached: cached.optional(),
    profile: z.array(z.object({ ...ref, points: z.array(point).max(64) })).max(1024).optional(),
    /** What became of the figures that the node kept from an earlier time. */
    remembered: z.object({
      used: z.boolean(),
      /** ISO 8601, of the oldest figure. */
      measuredAt: z.string().max(40),
      reason: z.string().max(500),
    }).optional(),
    /** Share of a model download done, for those who watch. With `total: 0` it came to nothing. */
    progress: z.object({ label: z.string().max(200), done: bytes, total: bytes }).optional(),
  }),
  z.object({
    type: z.literal('result'),
    batch: serial,
    /** On the node's clock: behind the slot's previous batch, running, and from receipt to this. */
    queueMs: ms,
    computeMs: ms,
    elapsedMs: ms,
    items: z.array(z.discriminatedUnion('ok', [
      z.object({
        ok: z.literal(true),
        fields: json.nullable(),
        /** Fields that are tensors, by name; their elements are the n-th blob. */
        tensors: z.record(
          z.string().max(MAX_NAME),
          z.object({
            type: z.string().max(MAX_TYPE_NAME),
            // A long recording is one long axis: what bounds a tensor is its bytes.
            dims: z.array(serial).max(MAX_RANK),
            blob: count,
          }),
        ).optional(),
        children: z.record(
          id,
          z.array(z.object({ meta: json, blob: count, key: id.optional() })).max(MAX_CHILDREN),
        ),
      }),
      z.object({
        ok: z.literal(false),
        reason: z.enum(['invalid_input', 'too_large', 'internal', 'expired', 'missing']),
        message: z.string().max(2000),
        /** It took longer than an item may: it is to be given to no other node. */
        gaveUp: z.literal(true).optional(),
      }),
    ])).max(MAX_BATCH_ITEMS),
  }),
  saidMessage,
  /**
   * The whole batch came to nothing: the worker died, the watchdog fired, the variant is not held. Or it
   * was called off while it ran, and has ended after so long.
   */
  z.object({
    type: z.literal('batch_failed'),
    batch: serial,
    message: z.string().max(2000),
    computeMs: ms.optional(),
  }),
  /** In use from now on, of what the volunteer lends: the answer to the last `scale`, or news. */
  z.object({ type: z.literal('scaled'), slots: slotsInUse, duty, threads }),
  z.object({ type: z.literal('pong'), n: serial }),
  /** Leaving: the last message after the running batches have been answered. */
  z.object({ type: z.literal('bye'), reason: z.string().max(200) }),
])

export const coordinatorMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('welcome'),
    protocol: z.number().int(),
    /** Pipeline files as served, checked by the reader of pipelines. */
    pipelines: z.array(anyJson),
    /** Model name, as in variants, to what to fetch; per pipeline. */
    models: z.record(id, z.record(id, z.object({ sha256: z.string().length(64), bytes }))),
    /** Path on the coordinator where `HASH` gives a model's bytes. */
    modelPath: z.string(),
    heartbeatMs: ms,
  }),
  z.object({
    type: z.literal('refuse'),
    reason: z.enum(['protocol', 'unauthorized', 'malformed', 'replaced', 'too_large']),
    message: z.string(),
    /** A command that mends it, where there is one. */
    remedy: z.string().optional(),
  }),
  /** What is served changed: in place of what the welcome said. */
  z.object({
    type: z.literal('served'),
    pipelines: z.array(z.json()),
    models: z.record(id, z.record(id, z.object({ sha256: z.string().length(64), bytes }))),
  }),
  z.object({ type: z.literal('load'), instances: z.array(instance) }),
  z.object({ type: z.literal('unload'), instances: z.array(instance) }),
  z.object({
    type: z.literal('batch'),
    batch: serial,
    slot: count,
    ...ref,
    remainingMs: ms,
    /** Past this the node's watchdog ends the worker. */
    giveUpMs: ms,
    crops: z.enum(['raw', 'jpeg']),
    items: z.array(z.object({ meta: json, payload })).min(1).max(MAX_BATCH_ITEMS),
    /** Kept payloads no longer needed. */
    release: z.array(id).optional(),
  }),
  /** What is to be in use; the volunteer's limits stay above it. An older node passes it over. */
  z.object({
    type: z.literal('scale'),
    slots: slotsInUse.optional(),
    duty: duty.optional(),
    threads: threads.optional(),
  }),
  z.object({ type: z.literal('cancel'), batch: serial }),
  z.object({ type: z.literal('release'), keys: z.array(id) }),
  z.object({ type: z.literal('ping'), n: serial }),
  /** Take no new work, finish what runs, say bye. */
  z.object({
    type: z.literal('drain'),
    reason: z.string(),
    /** The coordinator goes, not the node: it is to come back as soon as there is one again. */
    rejoin: z.boolean().optional(),
  }),
])

export type NodeMessage = z.infer<typeof nodeMessage>
export type CoordinatorMessage = z.infer<typeof coordinatorMessage>
export type Hello = Extract<NodeMessage, { type: 'hello' }>
export type Welcome = Extract<CoordinatorMessage, { type: 'welcome' }>
export type BatchMessage = Extract<CoordinatorMessage, { type: 'batch' }>
export type Scale = Omit<Extract<CoordinatorMessage, { type: 'scale' }>, 'type'>
export type ResultMessage = Extract<NodeMessage, { type: 'result' }>
