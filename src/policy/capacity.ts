/**
 * What the pool can do, as of a moment: for each variant the slots that hold it and how fast they
 * are. Rebuilt when slots change, and now and then as profiles are corrected.
 *
 * @module
 */
import type { Shapes, VariantShape } from './shape.ts'
import type { Profile } from './profile.ts'
import type { PoolNode, Slot } from './slots.ts'

export interface Server {
  slot: Slot
  /** One item, alone. */
  meanMs: number
  upperMs: number
}

export interface Service {
  /** Slots that hold the variant and take batches, quickest first. */
  servers: Server[]
  /** Items per millisecond by all of them, one at a time each, duty included. */
  ratePerMs: number
  /** Time of the whole pool for one item. */
  poolMs: number
  /** Mean network time of the quickest server. */
  networkMs: number
  /** How much an upper latency exceeds a mean one. */
  upperRatio: number
}

export interface Capacity {
  epoch: number
  builtMs: number
  /** Slots that take batches, on the quicker node first. */
  slots: Slot[]
  /** By index of variant; undefined where no usable slot holds it. */
  services: (Service | undefined)[]
}

export function buildCapacity(
  epoch: number,
  shapes: Shapes,
  nodes: Iterable<PoolNode>,
  profile: Profile,
  nowMs: number,
): Capacity {
  const usable = [...nodes].filter((node) => !node.paused)
  const quickFirst = usable
    .map((node) => ({ node, slowness: profile.slowness(node.id) / node.duty }))
    .sort((a, b) => a.slowness - b.slowness)
  const slots = quickFirst.flatMap(({ node }) => node.slots)
  const services = shapes.variants.map((variant) => serviceOf(variant, slots, profile))
  return { epoch, builtMs: nowMs, slots, services }
}

function serviceOf(
  variant: VariantShape,
  slots: readonly Slot[],
  profile: Profile,
): Service | undefined {
  const servers: Server[] = []
  let ratePerMs = 0
  let ratios = 0
  for (const slot of slots) {
    if (!slot.held.has(variant)) continue
    const { meanMs, upperMs } = profile.latency(slot.node.id, variant, 1)
    servers.push({ slot, meanMs, upperMs })
    ratePerMs += slot.node.duty / Math.max(meanMs, 0.01)
    ratios += upperMs / Math.max(meanMs, 0.01)
  }
  servers.sort((a, b) => a.meanMs - b.meanMs)
  const quickest = servers[0]
  if (quickest === undefined) return undefined
  return {
    servers,
    ratePerMs,
    poolMs: 1 / ratePerMs,
    networkMs: profile.networkMs(quickest.slot.node.id, variant.task),
    upperRatio: Math.max(1, ratios / servers.length),
  }
}

/** Time from start to end of `count` items spread over the idle pool, in milliseconds. */
export function makespanMs(service: Service, count: number): number {
  const { servers } = service
  const quickestMs = servers[0]!.meanMs
  const items = Math.ceil(count - 1e-6)
  if (items <= 1) return quickestMs
  let low = quickestMs
  let high = quickestMs * items
  for (let i = 0; i < 12; i++) {
    const middle = (low + high) / 2
    let done = 0
    for (const { meanMs } of servers) {
      if (meanMs > middle || done >= items) break
      done += Math.floor(middle / meanMs)
    }
    if (done >= items) high = middle
    else low = middle
  }
  return high
}
