/**
 * Who rests: of each group as many slots stay awake as keep queues short and paths accurate. The others
 * are warm, and are called where that is worth more than it costs.
 *
 * @module
 */
import { leastSloMs, type Shapes } from '../core/graph.ts'
import type { Market } from '../price/market.ts'
import { load, rest } from './params.ts'
import { backlog } from '../price/params.ts'
import type { Problem } from '../price/problem.ts'

/** What is needed beyond the load depends on it. */
interface Lumps {
  /** Slot ms of all of one query. */
  workMs: number
  /** How long a query can wait, and has in all. */
  slackMs: number
  sloMs: number
  /** Accuracy that is lost for each share of the work that is saved. */
  lossPerShare: number
}

export class Rest {
  /** By key of group: slots that stay awake; only of groups that do not need all. */
  awake: ReadonlyMap<string, number> = new Map()
  private readonly loads: { atMs: number; byKey: Map<string, number> }[] = []

  constructor(private readonly shapes: Shapes) {}

  /** @param share the backlog @param whole the market with all slots */
  decide(whole: Market, share: number, nowMs: number): void {
    const { problem: { groups, duties, demands }, plan } = whole
    this.loads.push({
      atMs: nowMs,
      byKey: new Map(groups.map(({ key }, g) => [key, plan.load[g]!])),
    })
    while (this.loads[0]!.atMs < nowMs - rest.windowMs) this.loads.shift()
    const awake = new Map<string, number>()
    if (plan.load.every((load, g) => load < rest.busy * duties[g]!)) {
      const perMs = demands.reduce((sum, { ratePerS }) => sum + ratePerS, 0) / 1000
      const sloMs = leastSloMs(this.shapes)
      groups.forEach(({ key, slots }, g) => {
        const load = plan.load[g]!
        const lumps: Lumps = {
          workMs: load / Math.max(perMs, 1e-9),
          slackMs: rest.slack * sloMs,
          sloMs,
          lossPerShare: whole.lossPerShare,
        }
        const duty = Math.max(duties[g]! / Math.max(slots, 1), 1e-3)
        const count = Math.ceil(slotsFor(this.meanLoad(key, load), lumps) / duty)
        if (count >= slots) return
        // Nobody goes to rest while a queue is worked off.
        const before = share > 2 * backlog.usual ? this.awake.get(key) ?? slots : 0
        awake.set(key, Math.max(count, before))
      })
    }
    this.awake = awake
  }

  /** The problem without those that rest. */
  reduced(problem: Problem): Problem {
    return {
      ...problem,
      duties: problem.duties.map((duty, g) => {
        const { key, slots } = problem.groups[g]!
        return duty * Math.min(1, (this.awake.get(key) ?? slots) / Math.max(slots, 1))
      }),
    }
  }

  private meanLoad(key: string, now: number): number {
    let [sum, count] = [0, 0]
    for (const { byKey } of this.loads) {
      const load = byKey.get(key)
      if (load === undefined) continue
      sum += load
      count++
    }
    const mean = sum / count
    return now > load.jump * mean || now * load.jump < mean ? now : mean
  }
}

/**
 * Slots for a load of so many slots' worth of work.
 *
 * Work comes in lumps, all of a query at once, and chance makes a queue of them. The share of queries
 * that wait longer than some time falls exponentially with it, the faster the more slots there are beyond
 * the load: as of a fluid with the drift and the variance of such lumps.
 */
function slotsFor(load: number, lumps: Lumps): number {
  if (load <= 1e-9) return 0
  const { workMs, slackMs } = lumps
  const beyond = workMs * Math.log(1 / rest.waits) / (2 * Math.max(slackMs, 1e-3))
  let slots = Math.ceil(load + beyond - 1e-9)
  while (lossOf(slots, load, lumps) > rest.loss) slots++
  return slots
}

/** Mean share of the accuracy that is given up while queues beyond the usual are worked off. */
function lossOf(slots: number, load: number, { workMs, sloMs, lossPerShare }: Lumps): number {
  /** How fast long queues get seldom, per share of an SLO. */
  const decay = 2 * (slots - load) * sloMs / workMs
  const free = backlog.usual + 1 - load / slots
  return lossPerShare * Math.exp(-decay * free) / Math.max(decay, 1e-9)
}
