/**
 * The nodes of the pool as the coordinator sees them: identity, state, variants held.
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
  /** Threads that a run uses now. */
  threadsPerRun: number
  /** By `pipeline task variant`. */
  readonly fallbacks: Map<string, NodeInfo['fallbacks'][number]>
  /** How much faster a batch runs with 1, 2, ... threads, where the node reported it. */
  speedups: readonly number[] | undefined
  /** Slots that the volunteer lends. */
  lentSlots: number
  /** Limits that an admin of the coordinator set. */
  bound: Pick<Scale, 'slots' | 'duty'>
  /** The lesser of both: the slots that the scheduler plans with. */
  slots: number
  /** Slots, and share of the time, in use by the node's last report; and the last request to it. */
  usedSlots: number
  usedDuty: number
  requested: InUse | undefined
  /** Paused by its volunteer. */
  paused: boolean
  /** Paused by an admin of the coordinator. */
  held: boolean
  /** No message came for a while. */
  silent: boolean
  /** Gets no work because it is silent and others are not. */
  sidelined: boolean
  /** Gets no work because it gave wrong results. */
  quarantined: boolean
  /** Variants held warm: `slot pipeline task variant`. */
  readonly instances: Set<string>
  /** Variants that it was told to load, without an answer yet. */
  readonly loading: Set<string>
  /** Tasks of the variants held: `pipeline task`. */
  readonly tasks: Set<string>
  progress: NodeInfo['progress']
  pausedBy: string | null
  profile: NodeInfo['profile']
  /** Round trip last reported to the scheduler. */
  reportedRoundTripMs: number
  /** Started by the operator of the coordinator: its results are trusted. */
  readonly own: boolean
  /** Judges results of other nodes, and serves no query. */
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
    requested: undefined,
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
    reportedRoundTripMs: 0,
    own,
    judge,
    voter,
  }
}

/** Whether a node gets no work, for any of three reasons. */
export const isPaused = (node: PooledNode): boolean => node.paused || node.held || node.sidelined

/** Whether a node would work now, if it can be reached. */
export const takesWork = (node: PooledNode): boolean =>
  !node.paused && !node.held && !node.quarantined && node.instances.size > 0

/** The scheduler's event for a node that joins. */
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

/** Whether a node has the memory to decode a picture; true where the node has left. */
export const fitsOn = (node: PooledNode | undefined, { pixels = 0 }: Payload): boolean =>
  pixels <= (node?.hello.maxPixels ?? Infinity)

/** The answer where there are nodes and none of them has the memory to decode a picture. */
export function tooLargeFor(nodes: readonly PooledNode[], payload: Payload): Answer | undefined {
  if (nodes.length === 0 || nodes.some((node) => fitsOn(node, payload))) return undefined
  const most = Math.max(...nodes.map(({ hello: { maxPixels = 0 } }) => maxPixels))
  const message =
    `Cannot decode ${payload.pixels} pixels: no node that is here has memory for more than ` +
    `${most}: send a smaller picture, or have a node join with more memory`
  return { ok: false, reason: 'no_capable_node', message }
}

/** Variants that a node can hold as it runs now. */
export const ableOf = (
  { hello, backend }: PooledNode,
  served: readonly (ServedVariant & { memoryBytes: number })[],
) =>
  ableVariants(served, { ...hello, backend }).map((
    { pipeline, task, variant, memoryBytes },
  ) => ({ pipeline, task, variant, memoryBytes }))

/** @param backend where this variant runs on another backend than the node's */
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

/** The backend that a variant runs on at a node. */
export const backendOf = (
  node: Pick<PooledNode, 'backend' | 'fallbacks'>,
  ref: VariantRef,
): string =>
  node.fallbacks.size === 0
    ? node.backend
    : node.fallbacks.get(nameOf(ref))?.backend ?? node.backend

/** A key of `instances`. */
export const instanceKey = (slot: number, ref: VariantRef): string => `${slot} ${nameOf(ref)}`

const nameOf = ({ pipeline, task, variant }: VariantRef) => `${pipeline} ${task} ${variant}`

const slotsOf = ({ slots }: PooledNode) => Array.from({ length: slots }, (_, slot) => slot)

/** Whether each slot of the node holds a variant warm. */
export const holdsInAll = (node: PooledNode, ref: VariantRef): boolean =>
  slotsOf(node).every((slot) => node.instances.has(instanceKey(slot, ref)))

/** Whether any slot of the node holds a variant warm. */
export const holdsVariant = (node: PooledNode, ref: VariantRef): boolean =>
  slotsOf(node).some((slot) => node.instances.has(instanceKey(slot, ref)))

export function removeInstance(node: PooledNode, slot: number, ref: VariantRef) {
  const key = instanceKey(slot, ref)
  node.instances.delete(key)
  node.loading.delete(key)
  countTasks(node)
}

/** Forgets instances of the slots from `fromSlot` on, and the tasks that only these held. */
export function dropInstances(node: PooledNode, fromSlot = 0) {
  for (const keys of [node.instances, node.loading]) {
    for (const key of keys) if (Number(key.split(' ')[0]) >= fromSlot) keys.delete(key)
  }
  countTasks(node)
}

/** Forgets the fallbacks of a version of a pipeline that is served no more. */
export function forgetPipeline({ fallbacks }: PooledNode, pipeline: string) {
  for (const [name, one] of fallbacks) if (one.pipeline === pipeline) fallbacks.delete(name)
}

function countTasks(node: PooledNode) {
  node.tasks.clear()
  for (const key of node.instances) node.tasks.add(key.split(' ').slice(1, 3).join(' '))
}

/** The scheduler's event for a changed round trip, if it changed by a fifth. */
export function roundTripNews(
  node: PooledNode,
): Extract<PolicyEvent, { type: 'node_reported' }> | undefined {
  const { roundTripMs } = node.link
  if (roundTripMs === undefined) return undefined
  if (Math.abs(roundTripMs - node.reportedRoundTripMs) < 0.2 + 0.2 * node.reportedRoundTripMs) {
    return undefined
  }
  node.reportedRoundTripMs = roundTripMs
  return { type: 'node_reported', node: node.id, roundTripMs }
}
