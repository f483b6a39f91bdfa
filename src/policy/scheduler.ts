/**
 * The scheduler: controller and dispatcher behind one interface, driven by events and the time.
 *
 * @module
 */
import { createController } from './controller.ts'
import { createDispatcher } from './dispatcher.ts'
import { Demands } from './estimate/demands.ts'
import type { Memory } from './core/memory.ts'
import { limitsOf, type SchedulerOptions } from './core/options.ts'
import { shapesOf } from './core/graph.ts'
import type { PolicyCommand, PolicyEvent, Scheduler } from './core/types.ts'

export interface LearningScheduler extends Scheduler {
  /** Learned values worth storing: of nodes that are present, or were judged. */
  memory(): Memory
  /** For tests: throws if an invariant of the state does not hold. */
  check(): void
}

/**
 * Makes a scheduler for these pipelines.
 *
 * Time never runs back: a `nowMs` below an earlier one counts as the earlier one. After each event, the last
 * `wake_at` emitted is the latest time to send `{type: 'wake'}`; an earlier wake does no harm.
 *
 * @example
 * ```ts
 * const scheduler = createScheduler({ pipelines: [pipeline] })
 * for (const command of scheduler.handle(event, performance.now())) execute(command)
 * ```
 * @throws RangeError for pipelines of one name, or with too many paths, and for invalid limits
 */
export function createScheduler(options: SchedulerOptions): LearningScheduler {
  const shapes = shapesOf(options.pipelines)
  const limits = limitsOf(options.limits)
  let commands: PolicyCommand[] = []
  const emit = (command: PolicyCommand) => void commands.push(command)
  const demands = new Demands(shapes, options.startPerS)
  const dispatcher = createDispatcher(shapes, limits, emit, demands, {
    ...options,
    classified: () => controller.classified(nowMs),
    cold: () => controller.recruiting.count(nowMs),
    recruit: (count) => controller.recruiting.recruit(count, nowMs),
    release: (node) => controller.recruiting.release(node, nowMs),
  })
  const { trust, pool } = dispatcher
  if (options.memory !== undefined) dispatcher.recall(options.memory)
  const controller = createController({
    shapes,
    limits,
    emit,
    pool,
    fanOut: dispatcher.fanOut,
    classes: () => dispatcher.classes(nowMs),
    demands,
    planned: dispatcher.planned,
  })
  let nowMs = -Infinity
  /** The driver's timer as last set; undefined once it may have fired. */
  let wakeAtMs: number | undefined

  function handle(given: PolicyEvent, at: number, more = false): PolicyCommand[] {
    nowMs = Math.max(nowMs, at)
    commands = []
    const { type } = given
    if (type === 'wake') wakeAtMs = undefined
    if (type === 'pipeline_added') shapes.add(given.pipeline)
    dispatcher.expire(nowMs, false)
    const event = trust === undefined ? given : trust.before(given, nowMs)
    if (event !== undefined) apply(event)
    applyDeferred()
    if (type === 'pipeline_removed') {
      shapes.remove(given.pipeline)
      dispatcher.renew()
    }
    // The next event follows at once, and decisions are made after it.
    if (more && (type === 'query_arrived' || type === 'batch_finished')) return commands
    dispatcher.expire(nowMs, true)
    if (controller.wantsPlacement(type, nowMs)) {
      controller.requestPlacement(dispatcher.classes(nowMs), nowMs)
    }
    dispatcher.dispatch(nowMs)
    applyDeferred()
    setTimer()
    return commands
  }

  function apply(event: PolicyEvent): void {
    const change = pool.handle(event, nowMs)
    dispatcher.handle(event, change, nowMs)
    controller.handle(event, change, nowMs)
  }

  /** Applies deferred effects: released variants to unload, and nodes that entered or left quarantine. */
  function applyDeferred(): void {
    for (const { slot, variant } of pool.leaving.take()) controller.left(slot, variant, nowMs)
    for (const news of trust?.reputations.news() ?? []) apply(news)
  }

  /** Sets the timer. An earlier timer is left: it costs one idle wake, instead of a command per event. */
  function setTimer(): void {
    const nextMs = Math.min(dispatcher.nextWakeMs(nowMs), controller.nextWakeMs(nowMs))
    if (nextMs === Infinity) return
    if (wakeAtMs !== undefined && wakeAtMs > nowMs && wakeAtMs <= nextMs) return
    wakeAtMs = nextMs
    emit({ type: 'wake_at', atMs: nextMs })
  }

  return {
    keepsRulings: true,
    handle,
    plan: () => controller.plan(nowMs),
    stats: () => dispatcher.stats(nowMs),
    ...trust === undefined ? {} : {
      takesAtOnce: (node, ref) => trust.reputations.takesAtOnce(node, ref),
    },
    bestInTime(pipeline) {
      const shape = shapes.pipelines.get(pipeline)
      return shape !== undefined && dispatcher.bestInTime(shape, nowMs)
    },
    memory: dispatcher.memory,
    check: dispatcher.check,
  }
}
