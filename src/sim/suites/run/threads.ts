/**
 * Cells over worker threads: so many at once, each raced against its deadline and the thread's death.
 *
 * @module
 */
import type { Outcome } from '../rows.ts'
import { nameOf } from '../suite.ts'
import { type Cell } from './cells.ts'
import type { CellReply, CellTask } from './worker.ts'

/** The largest run takes some minutes; one that takes this long will not end. */
const CELL_MS = 15 * 60_000

/** Of each as it ends; the next of that thread starts after it. */
type Done = (cell: Cell, outcome: Outcome) => Promise<void>

/**
 * Runs them in the order given, but those that measure the machine last, and one at a time: two of
 * them beside each other would measure each other.
 *
 * @throws Error naming the first cell that cannot be run; those that ended before are done
 */
export async function runCells(cells: readonly Cell[], jobs: number, done: Done): Promise<void> {
  const isTimed = ({ case: { once } }: Cell) => once === true
  await runAtOnce(cells.filter((cell) => !isTimed(cell)), jobs, done)
  await runAtOnce(cells.filter(isTimed), 1, done)
}

async function runAtOnce(cells: readonly Cell[], jobs: number, done: Done): Promise<void> {
  let next = 0
  let failed = false
  const thread = async () => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      type: 'module',
    })
    try {
      while (!failed && next < cells.length) {
        const cell = cells[next++]!
        await done(cell, await runIn(worker, cell))
      }
    } catch (error) {
      failed = true
      throw error
    } finally {
      worker.terminate()
    }
  }
  const ends = await Promise.allSettled(
    Array.from({ length: Math.min(jobs, cells.length) }, thread),
  )
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

function runIn(worker: Worker, cell: Cell): Promise<Outcome> {
  const { contender, scenario, seed, suite, case: { table, row, ...of } } = cell
  const fault = (what: string) =>
    new Error(
      `Cannot run ${suite}, ${table}, ${row}, ${nameOf(contender)}, seed ${seed}: ${what}`,
    )
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(fault(`not ended after ${CELL_MS / 60_000} minutes`)),
      CELL_MS,
    )
    worker.onmessage = ({ data }: MessageEvent<CellReply>) => {
      clearTimeout(timer)
      if (data.ok) resolve(data.outcome)
      else reject(fault(data.message))
    }
    worker.onerror = (event) => {
      event.preventDefault()
      clearTimeout(timer)
      reject(fault(`its thread died: ${event.message}`))
    }
    const task: CellTask = {
      scenario,
      contender,
      curve: of.curve ?? false,
      timed: of.timed ?? of.once ?? false,
      fromS: of.fromS ?? 0,
      ...of.limits === undefined ? {} : { limits: of.limits },
    }
    worker.postMessage(task)
  })
}
