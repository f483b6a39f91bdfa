/**
 * The nodes of the pool as the coordinator sees them: who they are, what they hold.
 *
 * @module
 */
import type { NodeInfo } from '../../client/types.ts'
import { ableVariants } from '../../pipeline/hold.ts'
import type { ServedVariant } from '../../pipeline/least_models.ts'
import type { InUse } from '../../policy/core/elastic.ts'
import type { Answer, PolicyEvent, VariantRef } from '../../policy/core/types.ts'
import { workingShare } from '../../protocol/duty.ts'
import type { Hello, Scale } from '../../protocol/mod.ts'
import { powerOf } from '../observe/energy/power.ts'
import { createCropEncodingChooser } from './crop_encoding.ts'
import type { Link } from './link.ts'
import type { Payload } from './payload.ts'

export interface PooledNode {
  readonly id: string
  readonly name: string
  readonly hello: Hello
  readonly link: Link
  readonly crops: ReturnType<typeof createCropEncodingChooser>
  backend: string
  backendReason: string | null
  /** In use now. */
  threadsPerRun: number
  /** By `pipeline task variant`. */
  readonly fallbacks: Map<string, NodeInfo['fallbacks'][number]>
  /** How much faster a batch runs with 1, 2, ... threads, where the node says that it may have them. */
  speedups: readonly number[] | undefined
  /** What its volunteer lends. */
  lentSlots: number
  /** What of it whoever runs the coordinator lets be in use. */
  bound: Pick<Scale, 'slots' | 'duty'>
  /** The lesser of both: what the scheduler plans with. */
  slots: number
  /** In use, as it said last; and what it was asked for last. */
  usedSlots: number
  usedDuty: number
  asked: InUse | undefined
  /** The volunteer's wish. */
  paused: boolean
  /** The wish of whoever runs the coordinator. */
  held: boolean
  /** Not heard of for a while. */
  silent: boolean
  /** Gets no work because others are heard of. */
  sidelined: boolean
  /** Gets no work because it was found to lie. */
  quarantined: boolean
  /** Variants held warm: `slot pipeline task variant`. */
  readonly instances: Set<string>
  /** Those that it was asked to load, and said nothing of yet. */
  readonly loading: Set<string>
  /** Tasks with at least one of them: `pipeline task`. */
  readonly tasks: Set<string>
  progress: NodeInfo['progress']
  pausedBy: string | null
  profile: NodeInfo['profile']
  /** Round trip last told to the scheduler. */
  toldRoundTripMs: number
  /** Started by whoever runs the coordinator: its word is taken. */
  readonly own: boolean
  /** It judges what others say, and serves no query. */
  readonly judge: boolean
  /** Nodes of one voter have one vote; the node's own where absent. */
  readonly voter: string | undefined
}

export function createPooledNode(
  link: Link,
  hello: Hello,
  { own = false, judge = false, voter }: Partial<Pick<PooledNode, 'own' | 'judge' | 'voter'>> = {},
): PooledNode {
  return {
    id: hello.nodeId,
    name: hello.name ?? hello.nodeId,
    hello,
    link,
    crops: createCropEncodingChooser(),
    backend: hello.backend ?? 'wasm',
    backendReason: hello.backendReason ?? null,
    threadsPerRun: hello.threadsPerRun ?? 1,
    fallbacks: new Map(),
    speedups: hello.speedups,
    lentSlots: hello.slots ?? 1,
    bound: {},
    slots: hello.slots ?? 1,
    usedSlots: hello.cold === true ? 0 : hello.slots ?? 1,
    usedDuty: hello.duty ?? 1,
    asked: undefined,
    paused: false,
    held: false,
    silent: false,
    sidelined: false,
    quarantined: false,
    instances: new Set(),
    loading: new Set(),
    tasks: new Set(),
    progress: null,
    pausedBy: null,
    profile: null,
    toldRoundTripMs: 0,
    own,
    judge,
    voter,
  }
}

/** Whether it is to get no work, whoever wants it so. */
export const isPaused = (node: PooledNode): boolean => node.paused || node.held || node.sidelined

/** Whether it would do work now, if it can be reached. */
export const takesWork = (node: PooledNode): boolean =>
  !node.paused && !node.held && !node.quarantined && node.instances.size > 0

/** What the scheduler is told of a node that joins. */
export function joinedEvent(
  node: PooledNode,
  served: readonly (ServedVariant & { memoryBytes: number })[],
): Extract<PolicyEvent, { type: 'node_joined' }> {
  const { id, slots, hello, own, judge, voter, threadsPerRun, speedups } = node
  const { duty = 1, slotMemoryBytes, cold } = hello
  return {
    ...{ type: 'node_joined', node: id, slots, duty: workingShare(duty), threads: threadsPerRun },
    ...{ able: ableOf(node, served), power: powerOf(node) },
    ...(cold === true ? { cold } : {}),
    ...(speedups === undefined ? {} : { speedups }),
    ...(slotMemoryBytes === undefined ? {} : { memoryBytes: slotMemoryBytes }),
    ...(own ? { own } : {}),
    ...(judge ? { judge } : {}),
    ...(voter === undefined ? {} : { voter }),
  }
}

/** Whether it has the memory to decode what is a picture; of one that has left nothing is asked. */
export const fitsOn = (node: PooledNode | undefined, { pixels = 0 }: Payload): boolean =>
  pixels <= (node?.hello.maxPixels ?? Infinity)

/** What to answer where there are nodes and none of them has the memory to decode a picture. */
export function tooLargeFor(nodes: readonly PooledNode[], payload: Payload): Answer | undefined {
  if (nodes.length === 0 || nodes.some((node) => fitsOn(node, payload))) return undefined
  const most = Math.max(...nodes.map(({ hello: { maxPixels = 0 } }) => maxPixels))
  const message =
    `Cannot decode ${payload.pixels} pixels: no node that is here has memory for more than ` +
    `${most}: send a smaller picture, or have a node join with more memory`
  return { ok: false, reason: 'no_capable_node', message }
}

/** What a node can hold as it runs now. */
export const ableOf = (
  { hello, backend }: PooledNode,
  served: readonly (ServedVariant & { memoryBytes: number })[],
) =>
  ableVariants(served, { ...hello, backend }).map((
    { pipeline, task, variant, memoryBytes },
  ) => ({ pipeline, task, variant, memoryBytes }))

/** @param backend where the node says that this variant runs on another than itself */
export function addInstance(
  node: PooledNode,
  slot: number,
  ref: VariantRef,
  { backend, backendReason = '' }: {
    backend?: string | undefined
    backendReason?: string | undefined
  } = {},
) {
  const key = instanceKey(slot, ref)
  node.instances.add(key)
  node.loading.delete(key)
  node.tasks.add(`${ref.pipeline} ${ref.task}`)
  if (backend === undefined) node.fallbacks.delete(nameOf(ref))
  else node.fallbacks.set(nameOf(ref), { ...ref, backend, backendReason })
}

/** What a variant runs on at a node. */
export const backendOf = (
  node: Pick<PooledNode, 'backend' | 'fallbacks'>,
  ref: VariantRef,
): string =>
  node.fallbacks.size === 0
    ? node.backend
    : node.fallbacks.get(nameOf(ref))?.backend ?? node.backend

/** As `instances` have it. */
export const instanceKey = (slot: number, ref: VariantRef): string => `${slot} ${nameOf(ref)}`

const nameOf = ({ pipeline, task, variant }: VariantRef) => `${pipeline} ${task} ${variant}`

const slotsOf = ({ slots }: PooledNode) => Array.from({ length: slots }, (_, slot) => slot)

/** Whether each of its slots holds it warm. */
export const holdsInAll = (node: PooledNode, ref: VariantRef): boolean =>
  slotsOf(node).every((slot) => node.instances.has(instanceKey(slot, ref)))

/** Whether any of its slots holds it warm. */
export const holdsVariant = (node: PooledNode, ref: VariantRef): boolean =>
  slotsOf(node).some((slot) => node.instances.has(instanceKey(slot, ref)))

export function removeInstance(node: PooledNode, slot: number, ref: VariantRef) {
  const key = instanceKey(slot, ref)
  node.instances.delete(key)
  node.loading.delete(key)
  countTasks(node)
}

/** Forgets instances, all or those of slots from `slot` on, and what tasks they made servable. */
export function dropInstances(node: PooledNode, fromSlot = 0) {
  for (const keys of [node.instances, node.loading]) {
    for (const key of keys) if (Number(key.split(' ')[0]) >= fromSlot) keys.delete(key)
  }
  countTasks(node)
}

/** Forgets what is known of a version of a pipeline that is served no more. */
export function forgetPipeline({ fallbacks }: PooledNode, pipeline: string) {
  for (const [name, one] of fallbacks) if (one.pipeline === pipeline) fallbacks.delete(name)
}

function countTasks(node: PooledNode) {
  node.tasks.clear()
  for (const key of node.instances) node.tasks.add(key.split(' ').slice(1, 3).join(' '))
}

/** What the scheduler is to hear of the link, if anything. */
export function roundTripNews(
  node: PooledNode,
): Extract<PolicyEvent, { type: 'node_reported' }> | undefined {
  const { roundTripMs } = node.link
  if (roundTripMs === undefined) return undefined
  // Told when it has changed by a fifth: the scheduler need not hear each heartbeat.
  if (Math.abs(roundTripMs - node.toldRoundTripMs) < 0.2 + 0.2 * node.toldRoundTripMs) {
    return undefined
  }
  node.toldRoundTripMs = roundTripMs
  return { type: 'node_reported', node: node.id, roundTripMs }
}
