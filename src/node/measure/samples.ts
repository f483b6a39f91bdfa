/**
 * What a node measures on, of what its first slot holds.
 *
 * @module
 */
import type { InstanceSpec } from '../engine/worker_api.ts'
import { type Catalog, nameOf, quickestOfEachTask } from '../models/catalog.ts'
import type { SlotPool } from '../slot/pool.ts'
import type { Profiler } from './profiler.ts'

/** Work that comes waits for the end of a run. */
const MAX_RUN_MS = 250

export interface Samples {
  quickest(): InstanceSpec | undefined
  quickestOfEachTask(): InstanceSpec[]
  /** The longest run that does not keep work waiting for long. */
  heaviest(): InstanceSpec | undefined
}

export function createSamples({ profiler, pool, catalog }: {
  profiler: Pick<Profiler, 'byLatency'>
  pool: Pick<SlotPool, 'slot'>
  catalog(): Catalog | undefined
}): Samples {
  const isHeld = (key: string) => pool.slot(0)?.holds(key) === true
  const specOf = (key: string) => catalog()?.spec(nameOf(key))
  const held = () => profiler.byLatency().filter(({ key }) => isHeld(key))
  return {
    quickest() {
      const [first] = held()
      return first && specOf(first.key)
    },
    quickestOfEachTask: () =>
      quickestOfEachTask(profiler.byLatency(), isHeld).flatMap((key) => specOf(key) ?? []),
    heaviest() {
      const last = held().findLast(({ latencyMs }) => latencyMs <= MAX_RUN_MS)
      return last && specOf(last.key)
    },
  }
}
