/**
 * The controller: which variants the slots of each node should hold, and their loading.
 *
 * @module
 */
import { handedOnBy } from './price/handed_on.ts'
import type { FanOut } from './estimate/fanout.ts'
import { Directing } from './place/directing.ts'
import { PlaceDue } from './place/due.ts'
import { confine, isLoaded } from './place/holding.ts'
import { Loader } from './place/loader.ts'
import { Placing } from './place/placing.ts'
import type { Limits } from './core/options.ts'
import type { Placement } from './place/problem.ts'
import type { ClassReport } from './state/classes.ts'
import { createRulings } from './state/rulings.ts'
import type { Shapes, VariantShape } from './core/graph.ts'
import { isCold, type PoolNode, type Slot } from './state/node.ts'
import type { NodeChange, Pool } from './state/pool.ts'
import type { Demands } from './estimate/demands.ts'
import { LoadOrder } from './place/load_order.ts'
import { load as params } from './place/params.ts'
import { planView } from './place/plan_view.ts'
import type { Outlook } from './outlook.ts'
import { Recruiting } from './use/recruiting.ts'
import type { Plan, PolicyCommand, PolicyEvent, VariantRuling } from './core/types.ts'

export interface Controller {
  readonly recruiting: Recruiting
  /** @param change the event's effect on a node */
  handle(event: PolicyEvent, change: NodeChange | undefined, nowMs: number): void
  /** The batches of a released variant are done: unloads it. */
  left(slot: Slot, variant: VariantShape, nowMs: number): void
  /** Some node was put into a class for the first time. */
  classified(nowMs: number): void
  /**
   * Whether to compute a placement: slots cannot hold all variants, and enough has changed. Only at a wake,
   * so that nodes that join together are planned together.
   */
  wantsPlacement(event: PolicyEvent['type'], nowMs: number): boolean
  /** Requests a placement from the planner. */
  requestPlacement(classes: ClassReport[], nowMs: number): void
  nextWakeMs(nowMs: number): number
  plan(nowMs: number): Plan
}

export interface ControllerParts {
  pool: Pool
  shapes: Shapes
  limits: Limits
  demands: Demands
  /** The current classes. */
  classes(): readonly ClassReport[]
  fanOut: Pick<FanOut, 'mean' | 'none'>
  planned: Outlook['planned']
  emit(command: PolicyCommand): void
}

export function createController(parts: ControllerParts): Controller {
  const { shapes, limits, emit, demands, pool, pool: { warm } } = parts
  const loader = new Loader({ pool, emit, maxAttempts: limits.maxLoadAttempts })
  const rulings = createRulings()
  const placing = new Placing({ shapes, nodes: warm, fanOut: parts.fanOut, isOpen: rulings.isOpen })
  let epoch = 0
  let placed: Plan | undefined
  const due = new PlaceDue()
  const directing = new Directing({
    ...{ pool, loader, isOpen: rulings.isOpen },
    wanted: new LoadOrder({ ...parts, isOpen: rulings.isOpen }),
    isPlaced: () => placed !== undefined,
    place: (nowMs) => placing.direct(due.isOvertaken(demands.toPlaceSigns(nowMs))),
  })
  const { background, retirement } = directing

  const changed = (nowMs: number) => {
    due.changed(nowMs)
    directing.changed()
    epoch++
  }

  function confined(node: PoolNode, nowMs: number): void {
    confine(node, rulings.isOpen)
    changed(nowMs)
  }

  /** Drops the variants of a removed pipeline from all slots. */
  function dropPipeline(name: string, nowMs: number): void {
    for (const node of warm.values()) {
      for (const slot of node.slots) {
        loader.drop(slot, ({ ref }) => ref.pipeline === name, nowMs)
      }
      confined(node, nowMs)
    }
    demands.close(name)
  }

  function join(node: PoolNode, nowMs: number): void {
    confined(node, nowMs)
    placing.joined(nowMs)
    directing.joined(node.id, nowMs)
    directing.direct(nowMs, [node])
  }

  function rule(given: readonly VariantRuling[], nowMs: number): void {
    rulings.set(given)
    for (const node of warm.values()) confined(node, nowMs)
    retirement.ruled()
    directing.direct(nowMs)
  }

  function handle(event: PolicyEvent, change: NodeChange | undefined, nowMs: number): void {
    // Nothing is loaded on a cold node, whatever its events.
    const node = change === undefined || isCold(change.node) ? undefined : change.node
    switch (event.type) {
      case 'node_joined':
        directing.left(change!.node)
        return node === undefined ? recruiting.first(nowMs) : join(node, nowMs)
      case 'node_reported': {
        if (node === undefined) return
        if (change!.toggled) {
          changed(nowMs)
          retirement.retire()
        }
        if (event.duty !== undefined || event.slots !== undefined) changed(nowMs)
        if (event.slots !== undefined) directing.direct(nowMs, [node])
        return
      }
      case 'node_able': {
        if (node === undefined) return
        confined(node, nowMs)
        return directing.direct(nowMs, [node])
      }
      case 'pipeline_added':
        demands.open(event.pipeline.name)
        epoch++
        return
      case 'pipeline_followed':
        return demands.follow(event.from, event.to)
      case 'pipeline_removed':
        dropPipeline(event.pipeline, nowMs)
        return directing.direct(nowMs)
      case 'node_left':
        if (node === undefined) return
        directing.left(node)
        recruiting.first(nowMs)
        placing.left(nowMs)
        changed(nowMs)
        // Many may leave at once. If slots hold all variants, a departure changes no other slot.
        if (directing.isTight()) return directing.direct(nowMs, [])
        return warm.size > params.fewNodes ? retirement.retire() : directing.direct(nowMs)
      case 'instance_ready':
      case 'load_failed': {
        const slot = node?.slots[event.slot]
        const variant = shapes.find(event)
        if (slot === undefined || variant === undefined) return
        if (event.type === 'instance_ready') slot.failures.delete(variant)
        else loader.failed(slot, variant, nowMs)
        background.ended(slot, nowMs)
        epoch++
        if (event.type === 'instance_ready') retirement.came(variant)
        directing.direct(nowMs, [slot.node])
        if (slot.node.presence === 'coming' && isLoaded(slot.node)) {
          recruiting.came(slot.node, nowMs)
        }
        return
      }
      case 'rulings_changed':
        return rule(event.rulings, nowMs)
      case 'plan_ready':
        if (!due.answered(demands.toPlaceSigns(nowMs)) || event.plan.placement === undefined) {
          return
        }
        placed = event.plan
        placing.accept(event.plan.placement as Placement)
        epoch++
        return directing.direct(nowMs)
      case 'wake':
        return directing.wake(nowMs)
      default:
        return
    }
  }

  const recruiting = new Recruiting({
    pool,
    join,
    letGo(node, nowMs) {
      for (const slot of node.slots) loader.drop(slot, () => true, nowMs)
      directing.left(node)
      placing.left(nowMs)
      changed(nowMs)
    },
    emit,
  })

  /** From when a placement may be requested; Infinity while none is needed. */
  const placeAtMs = (nowMs: number) =>
    directing.isTight() ? due.atMs(demands.toPlaceSigns(nowMs), nowMs) : Infinity

  return {
    handle,
    recruiting,
    left(slot, variant, nowMs) {
      if (!pool.has(slot)) return
      loader.unload(slot, variant)
      directing.direct(nowMs, [slot.node])
    },
    classified(nowMs) {
      if (directing.isTight()) directing.direct(nowMs)
    },
    wantsPlacement: (event, nowMs) => event === 'wake' && placeAtMs(nowMs) <= nowMs,
    requestPlacement(classes, nowMs) {
      due.requested(demands.toPlaceSigns(nowMs), nowMs)
      const problem = placing.problem(classes, demands.toPlace(nowMs), nowMs)
      emit({ type: 'solve', epoch, problem })
    },
    nextWakeMs: (nowMs) => Math.min(directing.nextWakeMs(), placeAtMs(nowMs)),
    plan: (nowMs) =>
      planView({
        ...{ shapes, epoch, demands, rulings, placed, nowMs },
        nodes: warm.values(),
        planned: parts.planned(),
        handedOn: handedOnBy(shapes, parts.fanOut),
      }),
  }
}
