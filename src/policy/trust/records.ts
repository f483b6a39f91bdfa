/**
 * What nodes of one voter (a key, an address) were caught at counts for the next ids that come from there,
 * for a while. Others may stand behind the same address, so it makes trust slower to earn and no more.
 *
 * @module
 */
import { trust as params } from './params.ts'

export class Records {
  /** The one caught last comes last. */
  private readonly byVoter = new Map<string, { times: number; untilMs: number }>()

  caught(voter: string, nowMs: number): void {
    const times = this.of(voter, nowMs) + 1
    this.byVoter.delete(voter)
    this.byVoter.set(voter, {
      times: Math.min(times, params.inherited),
      untilMs: nowMs + params.recordMs,
    })
    if (this.byVoter.size > params.remembered) {
      this.byVoter.delete(this.byVoter.keys().next().value!)
    }
  }

  /** How often, as far as that counts. */
  of(voter: string, nowMs: number): number {
    const record = this.byVoter.get(voter)
    return record === undefined || record.untilMs <= nowMs ? 0 : record.times
  }
}
