/**
 * Input of the price solver: what each group of slots can do, what variants hand on, and the demand.
 *
 * @module
 */
import type { Demand } from '../estimate/demands.ts'
import type { FanOut } from '../estimate/fanout.ts'
import type { Capacity } from '../state/capacity.ts'
import type { ClassReport } from '../state/classes.ts'
import type { Rulings } from '../state/rulings.ts'
import { type Group } from '../state/node.ts'
import { isOverdue } from '../state/slots.ts'
import type { Shapes } from '../core/graph.ts'
import { type HandedOn, handedOnBy } from './handed_on.ts'
import { price } from './params.ts'

/** One variant on one group. */
export interface Service {
  /** Index of the group. */
  group: number
  /** Slot ms per item at the batch sizes measured so far; before the first batch, at those expected. */
  costMs: number
  /** Upper latency of one item alone, network included, in ms. */
  aloneMs: number
  /** Network ms beyond the nearest group that serves the variant; 0 if absent. */
  awayMs?: number
}

/** Capacity of the pool. */
export interface Supply extends HandedOn {
  groups: readonly { key: string; slots: number }[]
  /** By group index: slots' worth of time that may be used. */
  duties: readonly number[]
  /** By variant index. */
  services: readonly (readonly Service[])[]
}

export interface Problem extends Supply {
  demands: readonly Demand[]
  /** By group index: minimum price of a slot ms, for its energy, in accuracy; 0 if absent. */
  leastPerMs?: readonly number[]
}

/** Supply of the groups as they are. */
export function supplyOf(
  shapes: Shapes,
  { groups, services }: Capacity,
  fanOut: Pick<FanOut, 'mean' | 'none'>,
): Supply {
  return {
    groups: groups.map(({ key, slots }) => ({ key, slots: slots.length })),
    duties: groups.map(({ duty }) => duty),
    services: services.map((service) =>
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

/** Supply if every node held all variants it is able to run: a group for each class. */
export function supplyIfAllHeld(
  shapes: Shapes,
  classes: readonly ClassReport[],
  isOpen: Rulings['isOpen'],
  fanOut: Pick<FanOut, 'mean' | 'none'>,
): Supply {
  const rows = classes.map(({ able }) => new Map(able.map((one) => [one.variant, one])))
  return {
    groups: classes.map(({ name, slots }) => ({ key: name, slots })),
    duties: classes.map(({ dutySum }) => dutySum),
    services: shapes.variants.map((variant) =>
      classes.flatMap(({ networkMs }, group) => {
        const row = isOpen(variant) ? rows[group]!.get(variant.index) : undefined
        return row === undefined
          ? []
          : [{ group, costMs: row.costMs, aloneMs: row.upperMs + networkMs }]
      })
    ),
    ...handedOnBy(shapes, fanOut),
  }
}

/** Slots' worth of time of a group, in which a slot with an overdue batch counts little. */
export function responsiveDuty({ duty, slots }: Group, nowMs: number): number {
  const silent = slots.filter((slot) => isOverdue(slot, nowMs)).length
  return duty * (1 - (1 - price.silentDuty) * silent / slots.length)
}
