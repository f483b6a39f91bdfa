/**
 * The limits that a node was given, turned into what its parts go by.
 *
 * @module
 */
import { mostSlotsOn } from '../backend/grow.ts'
import type { Clock } from '../clock.ts'
import { type EngineUse, PLAIN_USE } from '../engine/engine.ts'
import { createModelStore, type ModelStore } from '../models/models.ts'
import type { NodeOptions } from '../node_options.ts'
import { createHoldLimits, type HoldLimits, room, takes } from './hold_limits.ts'

/** Models kept in memory for further slots, unless the budget is small. */
const MEMORY_STORE_BYTES = 64 * 1024 * 1024

export function limitsOf({ host, memoryBytes, slots, downloads, code }: NodeOptions): HoldLimits {
  const offered = Math.min(host.memoryBytes ?? Infinity, memoryBytes ?? Infinity)
  return createHoldLimits({ memoryBytes: offered, slots, downloads, code })
}

/** Most processors to keep busy. */
export const processorsOf = ({ host, threads }: NodeOptions): number =>
  Math.min(host.threads, threads ?? Infinity)

/** Slots that processors and memory allow on a backend with its threads. */
export function mostSlotsOf(
  options: NodeOptions,
  { memoryBytes, mostSlots }: HoldLimits,
  use: EngineUse,
): number {
  const processors = processorsOf(options)
  return Math.min(mostSlotsOn(use, { processors, memoryBytes }), mostSlots)
}

/** Slots that the volunteer lends with runs of so many threads. */
export function slotsLentOf(options: NodeOptions, limits: HoldLimits, use: EngineUse): number {
  const { slots, threadsPerRun = 1 } = options
  if (slots !== undefined && use.threads <= threadsPerRun) return slots
  return Math.min(slots ?? Infinity, mostSlotsOf(options, limits, use))
}

/** Processors that batches may keep busy, all slots together. */
export const busiestOf = (options: NodeOptions): number =>
  Math.max(processorsOf(options), (options.slots ?? 1) * (options.threadsPerRun ?? 1))

/**
 * Slots to begin with: those asked for, or some that may be measured down to fewer. What each is to hold
 * is known once the node has joined; it gives up then what memory has no room for.
 */
export function firstSlotsOf(options: NodeOptions, limits: HoldLimits): number {
  const { slots, firstSlots = 1 } = options
  return slots ?? Math.min(firstSlots, mostSlotsOf(options, limits, PLAIN_USE))
}

export async function openModels(
  { host, diskBytes }: NodeOptions,
  { memoryBytes, mayFetch, fetched }: HoldLimits,
  clock: Clock,
  onWarning: (message: string) => void,
): Promise<ModelStore> {
  return createModelStore({
    clock,
    cache: await host.openCache(),
    diskBytes,
    memoryBytes: Math.min(MEMORY_STORE_BYTES, memoryBytes / 10),
    mayFetch,
    onFetched: fetched,
    onWarning,
    ...(host.roomBytes === undefined ? {} : { roomBytes: host.roomBytes }),
  })
}

/** What a volunteer should know of limits that leave something out; nothing where all fits. */
export function limitsLine({ able, slotBytes, downloads }: HoldLimits): string | undefined {
  const { of, variants, leastBytes } = able
  if (variants === of || of === 0) return undefined
  const why = downloads === 'least'
    ? 'on a link that may cost, only the smallest model of each task is downloaded'
    : `a slot has ${room(slotBytes)} for models`
  return variants === 0
    ? `Nothing of what is served fits: ${why}, the least takes ${takes(leastBytes)}`
    : `${variants} of ${of} variants fit: ${why}`
}
