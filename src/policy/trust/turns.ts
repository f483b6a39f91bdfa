/**
 * Whose turn it is at the auditor. Each client gets as much of its time as any other that waits (start-time
 * fair queueing). One whose input it came to nothing with waits a while, where others ask, too.
 *
 * @module
 */
import { trust as params } from './params.ts'

export class Turns {
  /** ms of the auditor that a client has had that waited all along. */
  private evenMs = 0
  /** Of clients that have had more. */
  private readonly hadMs = new Map<string, number>()
  /** When each client last asked. */
  private readonly askedMs = new Map<string, number>()
  /** Until when clients wait. */
  private readonly untilMs = new Map<string, number>()

  /** ms that a client has had; the least is next. */
  of(client: string): number {
    return Math.max(this.evenMs, this.hadMs.get(client) ?? 0)
  }

  /** A query came that has to be confirmed. */
  asks(client: string, nowMs: number): void {
    this.askedMs.set(client, nowMs)
  }

  /** ms for which others go before it, whether or not they have anything to ask just now. */
  waitMs(client: string, nowMs: number): number {
    const untilMs = this.untilMs.get(client) ?? -Infinity
    if (untilMs <= nowMs) return 0
    for (const [other, atMs] of this.askedMs) {
      const isWaiting = (this.untilMs.get(other) ?? -Infinity) > nowMs
      if (!isWaiting && nowMs - atMs < params.otherMs) return untilMs - nowMs
    }
    return 0
  }

  /** It is the turn of this one. */
  begins(client: string, nowMs: number): void {
    this.evenMs = this.of(client)
    drop(this.hadMs, this.evenMs)
    drop(this.untilMs, nowMs)
    drop(this.askedMs, nowMs - params.otherMs)
  }

  /** @param isInVain nothing came of it */
  ended(client: string, tookMs: number, isInVain: boolean, nowMs: number): void {
    this.hadMs.set(client, this.of(client) + tookMs)
    if (isInVain && client !== '') this.untilMs.set(client, nowMs + params.inVain * tookMs)
  }
}

function drop(of: Map<string, number>, until: number): void {
  for (const [client, value] of of) if (value <= until) of.delete(client)
}
