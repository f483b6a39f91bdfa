/**
 * Who rests: of each group as many slots stay awake as keep queues short and paths accurate. The others
 * are warm, and are called where that is worth more than it costs.
 *
 * @module
 */
import { type Lumps, slotsFor } from '../frontier/awake.ts'
import { leastSloMs, type Shapes } from '../shape.ts'
import type { Market } from './market.ts'
import { backlog, rest } from './params.ts'
import type { Problem } from './program.ts'

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
        const count = Math.ceil(slotsFor(this.meanLoad(key, load), lumps, 1) / duty)
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
    return now > rest.jump * mean || now * rest.jump < mean ? now : mean
  }
}
