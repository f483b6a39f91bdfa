/**
 * Asks how jobs stand, for as long as they have not ended: plain calls, which go on where a coordinator
 * is started again, and of which a browser takes any number to one host.
 *
 * @module
 */
import { jobPath, type WholeJob } from '../../client/job_facts.ts'
import { type Client, ShoalError } from '../../client/mod.ts'

const EVERY_MS = 1000
/** Of a page that nobody looks at. */
const HIDDEN_EVERY_MS = 10_000
const AT_ONCE = 6

export interface Watcher {
  /** Those that are still to be asked about. */
  ids(): string[]
  told(id: string, job: WholeJob): void
  /** The coordinator does not know it any more. */
  gone(id: string): void
  /** Whether the coordinator answers; told after each round. */
  reached(is: boolean): void
  /** Makes a call, and asks for a key where one is wanted. */
  withKey<T>(call: () => Promise<T>): Promise<T>
}

/** @returns asks at once, as when there is a new job */
export function watchJobs(client: Client, watcher: Watcher): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let asking = false

  async function ask(id: string): Promise<boolean> {
    try {
      const job = await watcher.withKey(() => client.request<WholeJob>('GET', jobPath(id)))
      watcher.told(id, job)
      return true
    } catch (error) {
      const isGone = error instanceof ShoalError && error.status === 404
      if (isGone) watcher.gone(id)
      return isGone || error instanceof ShoalError && error.status > 0
    }
  }

  async function round(): Promise<void> {
    if (asking) return
    asking = true
    clearTimeout(timer)
    const ids = watcher.ids()
    const answers: boolean[] = []
    const one = async () => {
      for (let id = ids.shift(); id !== undefined; id = ids.shift()) answers.push(await ask(id))
    }
    await Promise.all(Array.from({ length: AT_ONCE }, one))
    asking = false
    if (answers.length > 0) watcher.reached(answers.some((is) => is))
    if (watcher.ids().length === 0) return
    timer = setTimeout(round, document.hidden ? HIDDEN_EVERY_MS : EVERY_MS)
  }

  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void round()
  })
  return () => void round()
}
