/**
 * Whose turn it is at the auditor. Each client gets as much of its time as any other that waits (start-time
 * fair queueing), so inputs that take long keep those of their own client waiting.
 *
 * @module
 */

export class Turns {
  /** ms of the auditor that a client has had that waited all along. */
  private evenMs = 0
  /** Of clients that have had more. */
  private readonly hadMs = new Map<string, number>()

  /** ms that a client has had; the least is next. */
  of(client: string): number {
    return Math.max(this.evenMs, this.hadMs.get(client) ?? 0)
  }

  /** It is the turn of this one. */
  begins(client: string): void {
    this.evenMs = this.of(client)
    for (const [one, ms] of this.hadMs) if (ms <= this.evenMs) this.hadMs.delete(one)
  }

  ended(client: string, tookMs: number): void {
    this.hadMs.set(client, this.of(client) + tookMs)
  }
}
