/**
 * What several threads do to the time of a batch.
 *
 * @module
 */
import type { NodeClass } from './scenario_schema.ts'

type Threads = Pick<NodeClass, 'threads'>

export function mostThreadsOf({ threads }: Threads): number {
  if (threads === undefined) return 1
  return 'speedups' in threads ? threads.speedups.length : threads.most
}

/** Time of a batch with so many threads as a share of that with one; 1 of a variant of which nothing is said. */
export function threadsShareOf(
  { threads }: Threads,
  task: string,
  variant: string,
): (batch: number, threads: number) => number {
  if (threads === undefined) return () => 1
  if ('speedups' in threads) {
    const { speedups } = threads
    return (_batch, count) => speedups[0]! / speedups[Math.min(count, speedups.length) - 1]!
  }
  const { coefficients } = threads
  const key = Object.hasOwn(coefficients, `${task}/${variant}`) ? `${task}/${variant}` : variant
  if (!Object.hasOwn(coefficients, key)) return () => 1
  const { alpha, beta, gamma, zeta } = coefficients[key]!
  const ms = (batch: number, count: number) =>
    alpha * batch / count + beta * batch + gamma / count + zeta
  return (batch, count) => ms(batch, count) / ms(batch, 1)
}
