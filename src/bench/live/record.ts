/**
 * What `deno task bench live --json FILE` writes, read again: to simulate it, to draw it.
 * @module
 */
import type { Observed } from './observe.ts'
import type { Profiles } from './profile.ts'
import type { Row } from './rows.ts'
import type { Step } from './steps.ts'

export interface LiveRun {
  /** The pipeline's folder. */
  pipeline: string
  sloMs: number
  /** What `static` carries when it always has more to do. */
  carriedPerS: number
  steps: Step[]
  profiles: Profiles
  policies: { [policy: string]: PolicyRun }
}

export interface PolicyRun {
  /** Of each step. */
  rows: Row[]
  observed: Observed
}

/** @throws RangeError where there is no such file, or one from elsewhere */
export async function readLiveRun(file: string): Promise<LiveRun> {
  const read = await Deno.readTextFile(file).then(
    (text) => JSON.parse(text) as { live?: LiveRun } | null,
  ).catch((error: Error) => {
    throw new RangeError(`Cannot read ${file}: ${error.message}`)
  })
  const live = read?.live
  if (live?.policies === undefined || live.steps === undefined) {
    throw new RangeError(`Cannot read ${file}: must come from deno task bench live --json ${file}`)
  }
  return live
}
