/**
 * How much of each device is in use: of each kind of slots just enough to keep queues as short as
 * preferred, at the least cost; and which cold nodes are worth recruiting.
 *
 * A step is worth its gain for as long as it is expected to last, minus its cost until it takes effect.
 * Duty, slots and threads of warm nodes take effect at once, so they follow the load. A cold node costs
 * from the moment it is recruited and serves later: recruiting pays if the load lasts.
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

/** A figure for each kind at one time. */
interface Past {
  atMs: number
  byKind: Map<string, number>
}

/** Similar slots, and their planned work. */
interface Kind {
  name: string
  groups: Group[]
  lent: Lent
  /** Slots' worth of work for one thread: current, and the mean over a while. */
  load: number
  meanLoad: number
}

/** Input of a decision. */
export interface Moment {
  capacity: Capacity
  /** The market with everything lent. */
  whole: Market
  /** The backlog. */
  share: number
  preferred: Pick<Preferred, 'now' | 'wantsAll'>
  /** Whether items with time to spare (share below 1) wait: they may use everything lent. */
  hasPatient: boolean
  cold: Cold
  nowMs: number
}

export class Use {
  /** Levels by kind of group; a kind without a level is fully in use, with its current threads. */
  levels: ReadonlyMap<string, Level> = new Map()
  /** Number of cold nodes worth recruiting now. */
  recruits = 0
  private readonly loads: Past[] = []
  /** Chosen threads of the recent past, by kind and number of nodes. */
  private readonly threads: Past[] = []
  /** Since when more nodes than present would be better. */
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

  /** The problem with only the parts in use. */
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

  /** Slots at full duty that a kind needs, by speed relative to one thread. */
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

  /** Upper duration of one query on planned paths, in ms with one thread; the longest of all pipelines. */
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

  /** The level, without fewer slots while a queue is worked off, and with the recent maximum of threads. */
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
   * Decides how many cold nodes to recruit. With more nodes the same work costs less, or more work is done:
   * this counts from their arrival for as long as it is expected to last; until then they only cost.
   */
  private recruit(kinds: Kind[], levels: ReadonlyMap<string, Level>, moment: Moment): void {
    const { cold, whole, nowMs } = moment
    const [kind] = [...kinds].sort((a, b) => b.load - a.load)
    if (cold.nodes + cold.coming === 0 || kind === undefined) return
    const { lent, groups } = kind
    const larger = { ...lent, nodes: lent.nodes + cold.nodes + cold.coming }
    const present = levels.get(kind.name) ?? allOf(lent)
    const needed = this.isBusy(whole) ? { ...kind, ...this.loadAtBest(kind, whole) } : kind
    const wished = cheapest(larger, this.slotsAt(needed, moment)) ?? allOf(larger)
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

  /** Load for one thread if all demand were served with the most accurate variants. */
  private loadAtBest({ groups }: Kind, { plan, problem, usesOf, taskPerS }: Market) {
    const { index, slots: [first] } = groups[0]!
    const wanted = problem.demands.reduce((sum, { ratePerS }) => sum + ratePerS, 0)
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
    const load = ms / 1000 * speed * wanted / Math.max(served, 1e-3 * wanted)
    return { load, meanLoad: load }
  }

  /** Mean over the last seconds, or over a longer time if that is higher; the current load after a jump. */
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

/** Appends a figure and drops those older than `forMs`. */
function remember(list: Past[], byKind: Past['byKind'], nowMs: number, forMs: number): void {
  list.push({ atMs: nowMs, byKind })
  while (list[0]!.atMs < nowMs - forMs) list.shift()
}
