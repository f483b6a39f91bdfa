/**
 * Turns of clients at the auditor. Waiting clients get equal shares of its time (start-time fair
 * queueing). A client with an input that the auditor failed at waits for a while if others ask.
 *
 * @module
 */
import { trust as params } from './params.ts'

export class Turns {
  /** Auditor ms of a client that has been waiting all along. */
  private evenMs = 0
  /** Auditor ms of clients that had more. */
  private readonly hadMs = new Map<string, number>()
  /** When each client last had a query to confirm. */
  private readonly requestedMs = new Map<string, number>()
  /** Until when each client waits. */
  private readonly untilMs = new Map<string, number>()

  /** Auditor ms that a client had; the client with the least is next. */
  of(client: string): number {
    return Math.max(this.evenMs, this.hadMs.get(client) ?? 0)
  }

  /** A client has a query that must be confirmed. */
  requests(client: string, nowMs: number): void {
    this.requestedMs.set(client, nowMs)
  }

  /** ms for which other clients go first, whether or not they have a query now. */
  waitMs(client: string, nowMs: number): number {
    const untilMs = this.untilMs.get(client) ?? -Infinity
    if (untilMs <= nowMs) return 0
    for (const [other, atMs] of this.requestedMs) {
      const isWaiting = (this.untilMs.get(other) ?? -Infinity) > nowMs
      if (!isWaiting && nowMs - atMs < params.otherMs) return untilMs - nowMs
    }
    return 0
  }

  /** A client's turn begins. */
  begins(client: string, nowMs: number): void {
    this.evenMs = this.of(client)
    drop(this.hadMs, this.evenMs)
    drop(this.untilMs, nowMs)
    drop(this.requestedMs, nowMs - params.otherMs)
  }

  /** @param isInVain whether the auditor gave no result */
  ended(client: string, tookMs: number, isInVain: boolean, nowMs: number): void {
    this.hadMs.set(client, this.of(client) + tookMs)
    if (isInVain && client !== '') this.untilMs.set(client, nowMs + params.inVain * tookMs)
  }
}

function drop(of: Map<string, number>, until: number): void {
  for (const [client, value] of of) if (value <= until) of.delete(client)
}
