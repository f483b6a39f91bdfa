/**
 * The instances of one stage: each has cores of its own and runs one batch at a time.
 *
 * More cores are there at once, for the next batch. A new instance is ready after its cold start.
 * Cores that are given up go only when no instance is starting any more: others take over before. Of
 * instances that are given up those that are starting go first, then idle ones.
 *
 * @module
 */
import type { Present, Target } from '../../peers/scalers.ts'
import type { VirtualTime } from '../events.ts'

export interface Instance {
  cores: number
  ready: boolean
  busy: boolean
  gone: boolean
}

export interface Instances {
  present(): Present
  /** Largest batch. */
  batch(): number
  apply(target: Target): void
  /** A ready instance with nothing to do, longest idle first; it is busy then. */
  take(): Instance | undefined
  hasIdle(): boolean
  giveBack(instance: Instance): void
  /** Of all instances, those that are starting included. */
  coresHeld(): number
}

/** @param changed called where an instance may have become free, and before and after cores change */
export function createInstances(
  { time, coldMs, first, changed }: {
    time: VirtualTime
    coldMs: number
    first: Target
    changed(): void
  },
): Instances {
  let all: Instance[] = Array.from({ length: first.instances }, () => ({
    cores: first.cores,
    ready: true,
    busy: false,
    gone: false,
  }))
  let idle = [...all]
  let { cores, batch } = first
  /** Waits for instances that are starting. */
  let later: Target | undefined

  const startingOnes = () => all.filter(({ ready }) => !ready)

  function start(count: number, withCores: number): void {
    for (let i = 0; i < count; i++) {
      const instance: Instance = { cores: withCores, ready: false, busy: false, gone: false }
      all.push(instance)
      const begin = () => {
        if (instance.gone) return
        instance.ready = true
        idle.push(instance)
        if (later !== undefined && startingOnes().length === 0) settle(later)
        changed()
      }
      if (coldMs === 0) begin()
      else time.at(time.nowMs + coldMs, begin)
    }
  }

  function settle(target: Target): void {
    later = undefined
    ;({ cores, batch } = target)
    for (const instance of all) instance.cores = cores
    const rank = ({ ready, busy }: Instance) => !ready ? 0 : busy ? 2 : 1
    const leaving = [...all].sort((a, b) => rank(a) - rank(b))
      .slice(0, Math.max(0, all.length - target.instances))
    for (const instance of leaving) instance.gone = true
    all = all.filter(({ gone }) => !gone)
    idle = idle.filter(({ gone }) => !gone)
  }

  return {
    present: () => ({ instances: all.length, cores, batch, starting: startingOnes().length }),
    batch: () => batch,
    apply(target) {
      const more = target.instances - all.length
      if (target.cores >= cores) {
        later = undefined
        ;({ cores, batch } = target)
        for (const instance of all) instance.cores = cores
        if (more > 0) start(more, cores)
        else settle(target)
      } else {
        later = target
        if (more > 0) start(more, target.cores)
        if (later !== undefined && startingOnes().length === 0) settle(target)
      }
      changed()
    },
    take() {
      const instance = idle.shift()
      if (instance !== undefined) instance.busy = true
      return instance
    },
    hasIdle: () => idle.length > 0,
    giveBack(instance) {
      instance.busy = false
      if (!instance.gone) idle.push(instance)
    },
    coresHeld: () => all.reduce((sum, instance) => sum + instance.cores, 0),
  }
}
