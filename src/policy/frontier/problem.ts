/**
 * What the frontier is worked out from: plain data, so that it can cross from a dispatcher to the
 * controller, and a test can write it down.
 *
 * @module
 */
import type { FanOut } from '../demand/fanout.ts'
import type { Capacity } from '../pool/capacity.ts'
import type { Shapes } from '../shape.ts'
import { type HandedOn, handedOnBy } from './counted.ts'

/** Slots that hold the same and are equally fast. */
export interface GroupCapacity {
  key: string
  class: string
  slots: number
  /** Slots' worth of time that it may be planned with: duty, and only those awake. */
  duty: number
  /** Number of its island, 0 where absent: no pipeline uses slots of two. */
  island?: number
}

/** One variant on one group. Milliseconds. */
export interface Service {
  /** Index of the group. */
  group: number
  /** Of a slot, for one item, at the batch sizes really seen; before anything ran, at those that are expected. */
  costMs: number
  /** Upper latency of one item alone, network included. */
  aloneMs: number
  /** Network time beyond that of the nearest group that serves the variant; 0 where absent. */
  awayMs?: number
}

export interface FrontierProblem extends HandedOn {
  groups: GroupCapacity[]
  /** By index of variant. */
  services: Service[][]
  /** Queries per second of each pipeline, in the order of the pipelines. */
  ratesPerS: number[]
  /** Share of the capacity to plan with. */
  aim: number
}

export type CapacityReport = Pick<FrontierProblem, 'groups' | 'services' | 'fanOut' | 'none'>

/** What the nodes of a dispatcher can do; the very same as long as the capacity is. */
export function createCapacityReport(
  shapes: Shapes,
  fanOut: FanOut,
): (capacity: Capacity) => CapacityReport {
  let known: { of: Capacity; report: CapacityReport } | undefined
  return (capacity) => {
    if (known?.of !== capacity) known = { of: capacity, report: report(shapes, capacity, fanOut) }
    return known.report
  }
}

function report(shapes: Shapes, capacity: Capacity, fanOut: FanOut): CapacityReport {
  return {
    groups: capacity.groups.map((group) => ({
      key: group.key,
      class: group.class.name,
      slots: group.slots.length,
      duty: group.duty,
      island: group.island,
    })),
    services: capacity.services.map((service) =>
      service?.servers.map(({ group, planMs, upperMs, networkMs }) => ({
        group: group.index,
        costMs: planMs,
        aloneMs: upperMs + networkMs,
        awayMs: networkMs - service.nearestMs,
      })) ?? []
    ),
    ...handedOnBy(shapes, fanOut),
  }
}
