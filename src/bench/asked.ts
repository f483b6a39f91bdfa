/** Queries of a load generator in a process of its own. @module */
import { loadInProcess } from '../../demo/load/process.ts'
import type { Asked, Body, LoadOrder } from '../../demo/load/types.ts'

/** What became of all queries. @param started called with the first */
export async function askAll(
  order: LoadOrder,
  bodies: readonly Body[],
  started?: () => void,
): Promise<Asked[]> {
  const asked: Asked[] = []
  await loadInProcess(order, bodies, (one) => asked.push(one), started)
  return asked
}

/** At random moments of this seed, so many a second. */
export const atRate = (perS: number, seconds: number, seed: number) => ({
  ...{ arrivals: 'poisson' as const, seed },
  trace: { binSeconds: 1, rates: Array<number>(seconds).fill(perS) },
})
