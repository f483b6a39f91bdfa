/**
 * What each node is able to hold, what its slots are to hold, and loading it.
 *
 * @module
 */
import { handedOnBy } from './price/handed_on.ts'
import type { FanOut } from './estimate/fanout.ts'
import { Background, type BackgroundParts } from './place/background.ts'
import { PlaceDue, Throttle } from './place/due.ts'
import { Loader, type LoaderParts, Retirement } from './place/loader.ts'
import { bytesListed, confine, greedy, isLoaded, loadNext } from './place/member.ts'
import { type Member, memberOf, nameClasses, resizeTo } from './place/member.ts'
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
import type { NodeId, Plan, PolicyCommand, PolicyEvent, VariantRuling } from './core/types.ts'

export interface Controller extends Pick<Recruiting, 'recruit' | 'release'> {
  handle(event: PolicyEvent, nowMs: number): void
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
  /** Nodes that cannot hold all and wait for a first placement, and until when. */
  const waitsUntilMs = new Map<NodeId, number>()
  const rulings = createRulings()
  const placing = new Placing({ shapes, members, fanOut: parts.fanOut, isOpen: rulings.isOpen })
  const wanted = new LoadOrder({ ...parts, isOpen: rulings.isOpen })
  const background = new Background({ ...parts, members })
  const retirement = new Retirement(members, rulings.isOpen, parts.unload)
  let epoch = 0
  let placed: Plan | undefined
  const due = new PlaceDue()
  const throttle = new Throttle()
  /** Members of which no slot can hold all. */
  let tightCount = 0
  const needed = () => tightCount > 0
  /** When a load may go on by the time alone; undefined after anything that may have changed it. */
  let loadAtMs: number | undefined

  /**
   * What slots are to hold may have changed: places, and starts what can be started.
   *
   * @param some nothing changed but here: enough where no member competes with another, and for now
   *   where so many do that all are looked at later
   */
  function direct(nowMs: number, some?: readonly Member[]): void {
    const waits = some !== undefined && needed() && throttle.waits(members.size, nowMs)
    const alone = some !== undefined && (waits || !needed())
    const concerned = alone ? some : [...members.values()]
    for (const member of concerned) {
      const all = member.fitsAll ? wanted.orderOf(member, nowMs) : undefined
      const waited = (waitsUntilMs.get(member.id) ?? Infinity) <= nowMs
      if (all || waited || placed !== undefined) waitsUntilMs.delete(member.id)
      for (const slot of member.slots) {
        if (all) slot.wanted = [...all]
        else if (slot.wanted.length === 0 && placed === undefined && waited) {
          slot.wanted = greedy(member)
        }
      }
    }
    if (!waits) {
      throttle.looked(nowMs)
      if (needed()) placing.direct(due.isOvertaken(demands.toPlaceSigns(nowMs)))
    }
    retirement.retire()
    for (const member of concerned) {
      loadNext(loader, member, (slot) => background.may(member, slot, nowMs), nowMs)
    }
    loadAtMs = alone && loadAtMs !== undefined ? Math.min(loadAtMs, nextLoadMs(some)) : undefined
  }

  const changed = (nowMs: number) => {
    due.changed(nowMs)
    epoch++
  }

  function setAble(member: Member, bytes: Member['bytesOf'], nowMs: number): void {
    const before = member.fitsAll
    member.bytesOf = bytes
    confine(member, rulings.isOpen)
    tightCount += Number(before) - Number(member.fitsAll)
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
    if (!member.fitsAll) tightCount++
    waitsUntilMs.set(event.node, nowMs + params.patienceMs)
    direct(nowMs, [member])
  }

  function rule(given: readonly VariantRuling[], nowMs: number): void {
    rulings.set(given)
    for (const member of members.values()) confine(member, rulings.isOpen)
    tightCount = [...members.values()].filter(({ fitsAll }) => !fitsAll).length
    changed(nowMs)
    retirement.ruled()
    direct(nowMs)
  }

  /** False where it was no member. */
  function remove(node: NodeId): boolean {
    const member = members.get(node)
    if (member === undefined) return false
    members.delete(node)
    background.left(member)
    waitsUntilMs.delete(node)
    if (!member.fitsAll) tightCount--
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
        return direct(nowMs, [member])
      }
      case 'node_able': {
        colds.told(event)
        const member = members.get(event.node)
        if (member === undefined) return
        setAble(member, bytesListed(shapes, event.able), nowMs)
        return direct(nowMs, [member])
      }
      case 'pipeline_added':
        demands.open(event.pipeline.name)
        epoch++
        return
      case 'pipeline_followed':
        return demands.follow(event.from, event.to)
      case 'pipeline_removed':
        dropPipeline(event.pipeline, nowMs)
        return direct(nowMs)
      case 'node_left':
        colds.left(event.node)
        if (!remove(event.node)) return
        recruiting.first(nowMs)
        placing.left(nowMs)
        changed(nowMs)
        // Many may go at once, and where slots hold all nobody is to hold anything else for that.
        if (needed()) return direct(nowMs, [])
        return members.size > params.fewNodes ? retirement.retire() : direct(nowMs)
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
        direct(nowMs, [member!])
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
        return direct(nowMs)
      case 'wake':
        if ((loadAtMs ??= nextLoadMs()) <= nowMs) direct(nowMs)
        else if (background.atMs() <= nowMs) direct(nowMs, background.take())
        return
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

  /** When a load may be tried again, or a slot has waited long enough for a placement. */
  function nextLoadMs(some: Iterable<Member> = members.values()): number {
    let next = throttle.atMs(members.size)
    for (const member of some) {
      next = Math.min(next, waitsUntilMs.get(member.id) ?? Infinity)
      if (background.holds(member)) continue
      for (const slot of member.slots) next = Math.min(next, loader.retryAtMs(slot))
    }
    return next
  }

  /** From when a placement may be asked for; Infinity while nothing calls for one. */
  const placeAtMs = (nowMs: number) =>
    needed() ? due.atMs(demands.toPlaceSigns(nowMs), nowMs) : Infinity

  return {
    handle,
    recruit: recruiting.recruit,
    release: recruiting.release,
    classified(capacity, nowMs) {
      const isNew = nameClasses(members.values(), capacity)
      if (isNew && needed()) direct(nowMs)
    },
    wantsPlacement: (event, nowMs) => event === 'wake' && placeAtMs(nowMs) <= nowMs,
    askPlacement(classes, nowMs) {
      due.asked(demands.toPlaceSigns(nowMs), nowMs)
      const problem = placing.problem(classes, demands.toPlace(nowMs), nowMs)
      emit({ type: 'solve', epoch, problem })
    },
    nextWakeMs: (nowMs) => Math.min(loadAtMs ??= nextLoadMs(), background.atMs(), placeAtMs(nowMs)),
    plan: (nowMs) =>
      planView({
        ...{ shapes, epoch, demands, rulings, placed, nowMs },
        members: members.values(),
        planned: parts.planned(),
        handedOn: handedOnBy(shapes, parts.fanOut),
      }),
  }
}
