/**
 * From a plan to workers: which one gets which variant, with as few loads as can be.
 *
 * @module
 */
import type { Variant } from './model.ts'
import type { Allocation, Group } from './strategy.ts'
import type { Worker } from './worker.ts'

/**
 * Gives every worker its variant and batch, or null for those to rest.
 *
 * First those stay that have the variant already, then those at rest that still hold it, then others
 * at rest, then those whose variant is wanted no more.
 */
export function assign(
  { groups }: Allocation,
  workers: readonly Worker[],
): Map<Worker, { variant: Variant; batch: number } | null> {
  const given = new Map<Worker, { variant: Variant; batch: number } | null>()
  const open = groups.map((group) => ({ ...group }))
  const take = (group: Group & { count: number }, fits: (worker: Worker) => boolean) => {
    for (const worker of workers) {
      if (group.count === 0) return
      if (given.has(worker) || worker.class !== group.class || !worker.able.has(group.variant)) {
        continue
      }
      if (!fits(worker)) continue
      given.set(worker, { variant: group.variant, batch: group.batch })
      group.count--
    }
  }
  for (const group of open) {
    take(group, (w) => w.variant === group.variant && w.batch === group.batch)
  }
  for (const group of open) take(group, (w) => w.variant === group.variant)
  for (const group of open) take(group, (w) => w.variant === null && w.held.has(group.variant))
  for (const group of open) take(group, (w) => w.held.has(group.variant))
  for (const group of open) take(group, (w) => w.variant === null)
  for (const group of open) take(group, () => true)
  for (const worker of workers) if (!given.has(worker)) given.set(worker, null)
  return given
}
