/**
 * What this browser remembers: which jobs were handed in from here, so that a page that is closed or
 * loaded again finds them; and, in its tab alone, what was still being sent.
 *
 * @module
 */
const JOBS = 'shoal.documents.jobs'
const SENDING = 'shoal.documents.sending'
/** The coordinator keeps no more itself. */
const MOST_JOBS = 1000

export interface KeptJob {
  id: string
  /** Milliseconds since the epoch. */
  atMs: number
}

/** Newest first; none where storage is off. */
export function keptJobs(): KeptJob[] {
  const found = read(() => localStorage, JOBS)
  return Array.isArray(found) ? found.filter(isKeptJob).slice(0, MOST_JOBS) : []
}

export function keepJob(job: KeptJob): void {
  write(() => localStorage, JOBS, [job, ...keptJobs()].slice(0, MOST_JOBS))
}

export function forgetJob(id: string): void {
  write(() => localStorage, JOBS, keptJobs().filter((job) => job.id !== id))
}

/** Names that are being sent; none once they are. */
export function keepSending(names: readonly string[]): void {
  write(() => sessionStorage, SENDING, names.length === 0 ? undefined : names)
}

/** Those that the page that was here before did not get to send. */
export function takeLost(): string[] {
  const found = read(() => sessionStorage, SENDING)
  keepSending([])
  return Array.isArray(found) ? found.filter((name) => typeof name === 'string') : []
}

const isKeptJob = (one: unknown): one is KeptJob =>
  typeof one === 'object' && one !== null && 'id' in one && typeof one.id === 'string' &&
  'atMs' in one && typeof one.atMs === 'number'

function read(storage: () => Storage, name: string): unknown {
  try {
    return JSON.parse(storage().getItem(name) ?? 'null')
  } catch {
    return null
  }
}

function write(storage: () => Storage, name: string, value: unknown): void {
  try {
    if (value === undefined) storage().removeItem(name)
    else storage().setItem(name, JSON.stringify(value))
  } catch {
    // Storage is off, or full: it is remembered as long as the page is open.
  }
}
