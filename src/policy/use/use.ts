/**
 * How much of each device is in use: of each kind of slots as much as keeps queues as short as people
 * prefer, at the least cost; and which cold nodes are worth recruiting.
 *
 * A step is worth what it brings for as long as it is expected to last, less what it costs until then.
 * Duty, slots and threads of nodes that are warm are there at once, so they follow the load. A cold node
 * costs from the moment it is recruited and serves later: it pays where the load lasts.
 *
 * @module
 */
import { leastSloMs, type Shapes, type TaskShape } from '../core/graph.ts'
import type { Level } from '../core/elastic.ts'
import type { Preferred } from './preferred.ts'
import { load } from '../place/params.ts'
import { backlog } from '../price/params.ts'
import type { Market } from '../price/market.ts'
import type { Problem } from '../price/problem.ts'
import type { Capacity } from '../state/capacity.ts'
import { kindsOf } from '../state/in_use.ts'
import type { Group } from '../state/node.ts'
import { speedOf, speedupsOf } from '../state/threads.ts'
import { allOf, cheapest, costOf, type Lent } from './arrange.ts'
import { prefer as preferences, use } from './params.ts'
import { slotsFor } from './queues.ts'
import type { Cold } from './recruiting.ts'

/** A figure of each kind as of then. */
interface Past {
  atMs: number
  byKind: Map<string, number>
}

/** Alike slots, and what the plan has them do. */
interface Kind {
  name: string
  groups: Group[]
  lent: Lent
  /** Slots' worth of work of one thread: of the moment, and over a while. */
  load: number
  meanLoad: number
}

/** What a decision reads. */
export interface Moment {
  capacity: Capacity
  /** The market with all that is lent. */
  whole: Market
  /** The backlog. */
  share: number
  preferred: Pick<Preferred, 'now' | 'wantsAll'>
  /** Work waits that is asked only because there is time: it takes what is lent. */
  hasPatient: boolean
  cold: Cold
  nowMs: number
}

export class Use {
  /** By kind of group; of others all is in use, with the threads that they have. */
  levels: ReadonlyMap<string, Level> = new Map()
  /** Cold nodes that are worth recruiting now. */
  recruits = 0
  private readonly loads: Past[] = []
  /** Threads that were right of late for a kind of so many nodes. */
  private readonly threads: Past[] = []
  /** Since when more nodes would be better than there are. */
  private shortSinceMs: number | undefined

  constructor(private readonly shapes: Shapes) {}

  decide(moment: Moment): void {
    const { whole, nowMs } = moment
    const kinds = this.kindsOf(moment)
    const levels = new Map<string, Level>()
    this.recruits = 0
    const takesAll = moment.preferred.now(nowMs) === 'sooner' || this.isBusy(whole) ||
      moment.hasPatient
    const found = kinds.map((kind) =>
      (takesAll ? undefined : cheapest(kind.lent, this.slotsAt(kind, moment))) ?? allOf(kind.lent)
    )
    const threads = found.map((level, i) => [sizeOf(kinds[i]!), level.threads] as const)
    remember(this.threads, new Map(threads), nowMs, use.threadsMs)
    found.forEach((one, i) => {
      const { name, lent } = kinds[i]!
      const level = this.steady(kinds[i]!, one, moment)
      if (!isAll(level, lent)) levels.set(name, level)
    })
    if (moment.preferred.wantsAll(nowMs)) this.recruits = moment.cold.nodes
    else this.recruit(kinds, levels, moment)
    this.levels = levels
  }

  /** The problem with what is in use alone. */
  reduced(problem: Problem, { groups }: Capacity): Problem {
    return {
      ...problem,
      duties: problem.duties.map((duty, g) => {
        const { kind, slots } = groups[g]!
        const level = this.levels.get(kind)
        if (level === undefined) return duty
        const { node } = slots[0]!
        const alike = groups.filter((other) => other.kind === kind)
        const all = alike.reduce((sum, one) => sum + one.slots.length, 0)
        const quick = speedOf(node, level.threads) / speedOf(node, speedupsOf(node).length)
        return duty * Math.min(1, level.count / all) * Math.min(1, level.duty / node.duty) * quick
      }),
    }
  }

  private isBusy({ plan, problem: { duties } }: Market): boolean {
    return plan.load.some((one, g) => one >= use.busy * duties[g]!)
  }

  private kindsOf({ capacity, whole: { plan }, nowMs }: Moment): Kind[] {
    const kinds = [...kindsOf(capacity)].map(([name, groups]): Kind => {
      const nodes = new Set(groups.flatMap(({ slots }) => slots.map(({ node }) => node)))
      const slots = groups.reduce((sum, group) => sum + group.slots.length, 0)
      const { node } = groups[0]!.slots[0]!
      const { duty, inUse, power } = node
      const speedups = speedupsOf(node)
      const load = groups.reduce(
        (sum, { index, slots: [first] }) =>
          sum + plan.load[index]! * speedOf(first!.node, first!.node.inUse.threads),
        0,
      )
      const each = Math.ceil(slots / nodes.size)
      const lent = { nodes: nodes.size, slots: each, duty, speedups, threads: inUse.threads, power }
      return { name, groups, lent, load, meanLoad: load }
    })
    const loads = new Map(kinds.map(({ name, load }) => [name, load]))
    remember(this.loads, loads, nowMs, use.windowMs)
    for (const kind of kinds) kind.meanLoad = this.meanLoad(kind, nowMs)
    return kinds
  }

  /** Slots at full duty that a kind needs, by their speed for that of one thread. */
  private slotsAt(
    { load, meanLoad }: Pick<Kind, 'load' | 'meanLoad'>,
    { whole, preferred, capacity, nowMs }: Moment,
  ): (speed: number) => number {
    const { problem: { demands }, lossPerShare } = whole
    const perMs = demands.reduce((sum, { ratePerS }) => sum + ratePerS, 0) / 1000
    const sloMs = leastSloMs(this.shapes)
    const prefer = preferred.now(nowMs)
    const { wait, within, beyond } = preferences[prefer === 'sooner' ? 'balanced' : prefer]
    const aloneMs = this.aloneMs(whole, capacity.groups)
    return (speed) => {
      const leftMs = within * sloMs - aloneMs / speed
      const waitMs = Math.max(Math.min(leftMs, wait * sloMs), use.leastSlack * sloMs)
      const workMs = load / speed / Math.max(perMs, 1e-9)
      return slotsFor(meanLoad / speed, { workMs, sloMs, waitMs, beyond, lossPerShare })
    }
  }

  /** Upper duration of a query alone on paths as planned, of the longest pipeline, with one thread. */
  private aloneMs({ problem: { services }, plan, usesOf }: Market, groups: readonly Group[]) {
    const ofTask = (task: TaskShape): number => {
      let [items, ms] = [0, 0]
      for (const { index } of task.variants) {
        usesOf(index).forEach(({ group }, u) => {
          const perS = plan.itemsPerS[index]![u]!
          const { node } = groups[group]!.slots[0]!
          const alone = services[index]!.find((one) => one.group === group)?.aloneMs ?? 0
          items += perS
          ms += perS * alone * speedOf(node, node.inUse.threads)
        })
      }
      const own = items > 1e-9 ? ms / items : 0
      return own + task.next.reduce((most, next) => Math.max(most, ofTask(next)), 0)
    }
    return [...this.shapes.pipelines.values()].reduce(
      (most, { root }) => Math.max(most, ofTask(root)),
      0,
    )
  }

  /** Nobody is given up while a queue is worked off, nor threads before they were too many for a while. */
  private steady(kind: Kind, level: Level, { share }: Moment): Level {
    const { name, lent } = kind
    const threads = this.threads.reduce(
      (most, { byKind }) => Math.max(most, byKind.get(sizeOf(kind)) ?? 0),
      level.threads,
    )
    const before = share > 2 * backlog.usual
      ? this.levels.get(name)?.count ?? lent.nodes * lent.slots
      : 0
    return { ...level, threads, count: Math.max(level.count, before) }
  }

  /**
   * With more nodes the same work costs less, or more of it is done: that counts for as long as it is
   * expected to last from when they are there, and they cost until then.
   */
  private recruit(kinds: Kind[], levels: ReadonlyMap<string, Level>, moment: Moment): void {
    const { cold, whole, nowMs } = moment
    const [kind] = [...kinds].sort((a, b) => b.load - a.load)
    if (cold.nodes + cold.coming === 0 || kind === undefined) return
    const { lent, groups } = kind
    const larger = { ...lent, nodes: lent.nodes + cold.nodes + cold.coming }
    const present = levels.get(kind.name) ?? allOf(lent)
    const asked = this.isBusy(whole) ? { ...kind, ...this.loadAtBest(kind, whole) } : kind
    const wished = cheapest(larger, this.slotsAt(asked, moment)) ?? allOf(larger)
    const more = Math.ceil(wished.count / wished.slots) - lent.nodes - cold.coming
    if (more <= 0) {
      if (Math.ceil(wished.count / wished.slots) <= lent.nodes) this.shortSinceMs = undefined
      return
    }
    this.shortSinceMs ??= nowMs
    const prices = whole.pricesAt(1)
    const priceMs = Math.max(...groups.map(({ index }) => prices[index]!))
    const brings = more * lent.slots * lent.duty * priceMs
    const unit = costOf(lent, { count: 1, slots: 1, duty: lent.duty, threads: 1 })
    const savedMs = use.worth / 1000 * (costOf(lent, present) - costOf(larger, wished)) / unit
    const lastsMs = use.lastsMs + nowMs - this.shortSinceMs
    const costs = use.worth / 1000 * more * cold.afterMs
    if ((brings + savedMs) * (lastsMs - cold.afterMs) > costs) {
      this.recruits = Math.min(more, cold.nodes)
    }
  }

  /** Work of one thread if all were served, as accurately as can be. */
  private loadAtBest({ groups }: Kind, { plan, problem, usesOf, taskPerS }: Market) {
    const { index, slots: [first] } = groups[0]!
    const asked = problem.demands.reduce((sum, { ratePerS }) => sum + ratePerS, 0)
    const served = problem.demands.reduce(
      (sum, { ratePerS }, d) => sum + ratePerS * plan.byDemand[d]!.served,
      0,
    )
    let ms = 0
    for (const { tasks } of this.shapes.pipelines.values()) {
      for (const { index: task, variants } of tasks) {
        const [best] = [...variants].sort((a, b) => b.accuracy - a.accuracy)
          .flatMap((one) => usesOf(one.index).filter(({ group }) => group === index))
        ms += (taskPerS[task] ?? 0) * (best?.costMs ?? 0)
      }
    }
    const speed = speedOf(first!.node, first!.node.inUse.threads)
    const load = ms / 1000 * speed * asked / Math.max(served, 1e-3 * asked)
    return { load, meanLoad: load }
  }

  /** Over the last seconds, or over more where that is more; of now after a jump. */
  private meanLoad({ name, load: now }: Kind, nowMs: number): number {
    const over = (forMs: number) => {
      let [sum, count] = [0, 0]
      for (let i = this.loads.length - 1; i >= 0; i--) {
        const { atMs, byKind } = this.loads[i]!
        const one = byKind.get(name)
        if (atMs < nowMs - forMs) break
        if (one === undefined) continue
        sum += one
        count++
      }
      return sum / count
    }
    const mean = Math.max(over(use.windowMs), over(use.riseMs))
    return now > load.jump * mean || now * load.jump < mean ? now : mean
  }
}

const isAll = ({ count, duty }: Level, lent: Lent): boolean =>
  lent.speedups.length < 2 && count >= lent.nodes * lent.slots && duty >= lent.duty

const sizeOf = ({ name, lent }: Kind): string => `${name} of ${lent.nodes}`

/** The latest figures, of so many ms. */
function remember(list: Past[], byKind: Past['byKind'], nowMs: number, forMs: number): void {
  list.push({ atMs: nowMs, byKind })
  while (list[0]!.atMs < nowMs - forMs) list.shift()
}
