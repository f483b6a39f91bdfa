/**
 * What each node is able to hold, what its slots are to hold, and loading it.
 *
 * @module
 */
import { handedOnBy } from './price/handed_on.ts'
import type { FanOut } from './estimate/fanout.ts'
import type { BackgroundParts } from './place/background.ts'
import { Directing } from './place/directing.ts'
import { PlaceDue } from './place/due.ts'
import { Loader, type LoaderParts } from './place/loader.ts'
import { bytesListed, confine, isLoaded, type Member } from './place/member.ts'
import { memberOf, nameClasses, resizeTo } from './place/member.ts'
import { Placing } from './place/placing.ts'
import type { Limits } from './core/options.ts'
import type { Placement } from './place/problem.ts'
import type { ClassReport } from './state/classes.ts'
import { createRulings } from './state/rulings.ts'
import type { Shapes, VariantShape } from './core/graph.ts'
import type { Capacity } from './state/capacity.ts'
import type { Demands } from './estimate/demands.ts'
import { LoadOrder } from './place/load_order.ts'
import { load as params } from './place/params.ts'
import { planView } from './place/plan_view.ts'
import type { Outlook } from './outlook.ts'
import { createRecruiting, type Recruiting, type RecruitingParts } from './recruiting.ts'
import type { NodeId, Plan, PolicyCommand, PolicyEvent } from './core/types.ts'
import type { SlotIndex, VariantRuling } from './core/types.ts'

export interface Controller extends Pick<Recruiting, 'recruit' | 'release'> {
  handle(event: PolicyEvent, nowMs: number): void
  /** A slot has done what it had of a variant that it let go of, and unloads it. */
  left(slot: { node: { id: NodeId }; index: SlotIndex }, variant: VariantShape, nowMs: number): void
  /** Nodes were put into classes. */
  classified(capacity: Capacity, nowMs: number): void
  /**
   * Whether a placement should be worked out: slots cannot hold all, and much has changed. Only
   * when woken, so that nodes that join together are planned together.
   */
  wantsPlacement(event: PolicyEvent['type'], nowMs: number): boolean
  /** Asks the planner. */
  askPlacement(classes: ClassReport[], nowMs: number): void
  nextWakeMs(nowMs: number): number
  plan(nowMs: number): Plan
}

type Recruited = Pick<RecruitingParts, 'colds' | 'setCold'>

export interface ControllerParts
  extends Omit<LoaderParts, 'maxAttempts'>, Recruited, Pick<BackgroundParts, 'lastBatchMs'> {
  shapes: Shapes
  limits: Limits
  demands: Demands
  /** As of now. */
  classes(): readonly ClassReport[]
  /** What variants hand on. */
  fanOut: Pick<FanOut, 'mean' | 'none'>
  planned: Outlook['planned']
  emit(command: PolicyCommand): void
}

export function createController(parts: ControllerParts): Controller {
  const { shapes, limits, emit, demands, colds } = parts
  const loader = new Loader({ ...parts, maxAttempts: limits.maxLoadAttempts })
  const members = new Map<NodeId, Member>()
  const rulings = createRulings()
  const placing = new Placing({ shapes, members, fanOut: parts.fanOut, isOpen: rulings.isOpen })
  let epoch = 0
  let placed: Plan | undefined
  const due = new PlaceDue()
  const directing = new Directing({
    ...{ members, loader, isOpen: rulings.isOpen, lastBatchMs: parts.lastBatchMs },
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

  function setAble(member: Member, bytes: Member['bytesOf'], nowMs: number): void {
    member.bytesOf = bytes
    confine(member, rulings.isOpen)
    changed(nowMs)
  }

  /** Nobody is to hold what is served no more. */
  function dropPipeline(name: string, nowMs: number): void {
    const gone = ({ ref }: VariantShape) => ref.pipeline === name
    for (const member of members.values()) {
      member.slots.forEach((slot, i) => loader.drop(slot, { node: member.id, slot: i }, gone))
      const kept = [...member.bytesOf].filter(([variant]) => !gone(variant))
      setAble(member, new Map(kept), nowMs)
    }
    demands.close(name)
  }

  function join(event: Extract<PolicyEvent, { type: 'node_joined' }>, nowMs: number): void {
    const member = memberOf(shapes, event)
    confine(member, rulings.isOpen)
    resizeTo(member, event.slots, loader)
    changed(nowMs)
    remove(event.node)
    members.set(event.node, member)
    placing.joined(nowMs)
    directing.joined(event.node, nowMs)
    directing.direct(nowMs, [member])
  }

  function rule(given: readonly VariantRuling[], nowMs: number): void {
    rulings.set(given)
    for (const member of members.values()) confine(member, rulings.isOpen)
    changed(nowMs)
    retirement.ruled()
    directing.direct(nowMs)
  }

  /** False where it was no member. */
  function remove(node: NodeId): boolean {
    const member = members.get(node)
    if (member === undefined) return false
    members.delete(node)
    directing.left(member)
    return true
  }

  function handle(event: PolicyEvent, nowMs: number): void {
    switch (event.type) {
      case 'node_joined':
        colds.joined(event)
        if (event.cold !== true) return join(event, nowMs)
        remove(event.node)
        return recruiting.first(nowMs)
      case 'node_reported': {
        colds.told(event)
        const member = members.get(event.node)
        if (member === undefined) return
        if (event.paused !== undefined && event.paused !== member.paused) {
          member.paused = event.paused
          changed(nowMs)
          retirement.retire()
        }
        if (event.duty !== undefined) changed(nowMs)
        if (event.slots === undefined) return
        resizeTo(member, event.slots, loader)
        changed(nowMs)
        return directing.direct(nowMs, [member])
      }
      case 'node_able': {
        colds.told(event)
        const member = members.get(event.node)
        if (member === undefined) return
        setAble(member, bytesListed(shapes, event.able), nowMs)
        return directing.direct(nowMs, [member])
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
        colds.left(event.node)
        if (!remove(event.node)) return
        recruiting.first(nowMs)
        placing.left(nowMs)
        changed(nowMs)
        // Many may go at once, and where slots hold all nobody is to hold anything else for that.
        if (directing.isTight()) return directing.direct(nowMs, [])
        return members.size > params.fewNodes ? retirement.retire() : directing.direct(nowMs)
      case 'instance_ready':
      case 'load_failed': {
        const member = members.get(event.node)
        const slot = member?.slots[event.slot]
        const variant = shapes.find(event)
        if (slot === undefined || variant === undefined) return
        if (event.type === 'instance_ready') loader.ready(slot, variant)
        else loader.failed(slot, variant, nowMs)
        background.ended(member!, slot, nowMs)
        epoch++
        if (event.type === 'instance_ready') retirement.came(variant)
        directing.direct(nowMs, [member!])
        if (colds.isComing(event.node) && isLoaded(member!)) colds.came(event.node, nowMs)
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

  const recruiting = createRecruiting({
    ...parts,
    members,
    join,
    letGo(member, nowMs) {
      member.slots.forEach((slot, i) => loader.drop(slot, { node: member.id, slot: i }, () => true))
      remove(member.id)
      placing.left(nowMs)
      changed(nowMs)
    },
  })

  /** From when a placement may be asked for; Infinity while nothing calls for one. */
  const placeAtMs = (nowMs: number) =>
    directing.isTight() ? due.atMs(demands.toPlaceSigns(nowMs), nowMs) : Infinity

  return {
    handle,
    left({ node: { id }, index }, variant, nowMs) {
      const member = members.get(id)
      if (!member?.slots[index]?.leaving.delete(variant)) return
      emit({ type: 'unload', node: id, slot: index, ...variant.ref })
      directing.direct(nowMs, [member])
    },
    recruit: recruiting.recruit,
    release: recruiting.release,
    classified(capacity, nowMs) {
      const isNew = nameClasses(members.values(), capacity)
      if (isNew && directing.isTight()) directing.direct(nowMs)
    },
    wantsPlacement: (event, nowMs) => event === 'wake' && placeAtMs(nowMs) <= nowMs,
    askPlacement(classes, nowMs) {
      due.asked(demands.toPlaceSigns(nowMs), nowMs)
      const problem = placing.problem(classes, demands.toPlace(nowMs), nowMs)
      emit({ type: 'solve', epoch, problem })
    },
    nextWakeMs: (nowMs) => Math.min(directing.nextWakeMs(), placeAtMs(nowMs)),
    plan: (nowMs) =>
      planView({
        ...{ shapes, epoch, demands, rulings, placed, nowMs },
        members: members.values(),
        planned: parts.planned(),
        handedOn: handedOnBy(shapes, parts.fanOut),
      }),
  }
}
