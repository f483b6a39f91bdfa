/**
 * The files of published evaluation data, and what has to be in them.
 *
 * @module
 */
import { join, resolve } from 'node:path'
import { z } from 'zod'
import type { EvalData } from '../../sim/eval.ts'
import { COMMAND } from '../root.ts'
import { readThemis } from './themis_files.ts'

const named = <T extends z.ZodType>(of: T) => z.record(z.string(), of)
const numbers = z.array(z.number())
const points = z.array(z.number().nullable())

const PROFILES = z.object({
  batchSizes: numbers,
  pipelines: z.object({
    traffic_analysis: z.object({
      sloMs: z.number(),
      multiplicativeFactors: named(named(z.number())),
    }),
  }),
  tasks: named(named(z.object({ accuracy: z.number(), accuracyArtifact: z.number() }))),
  profileSets: named(z.object({
    batchSizes: numbers.optional(),
    latencyMs: named(named(z.union([points, z.object({ p50: points })]))),
  })),
})
const REFERENCE = z.object({
  endToEnd: z.object({ traffic_analysis: z.object({ demandQps: numbers }) }),
})
const TRACES = z.object({ traces: named(z.object({ counts: numbers })) })

const PROFILES_FILE = 'loki-profiles.json'

/** Whether a folder has what every scenario from published data needs. */
export const hasEval = (dir: string): Promise<boolean> =>
  Deno.stat(join(dir, PROFILES_FILE)).then(() => true, () => false)

/**
 * Only the profiles are needed always; the others for the scenarios that use them.
 *
 * @throws RangeError for a folder without profiles, and for a file that is not what its name says
 */
export async function readEval(dir: string): Promise<EvalData> {
  const read = async <T>(name: string, schema: z.ZodType<T>): Promise<T | undefined> => {
    const file = join(resolve(dir), name)
    const text = await Deno.readTextFile(file).catch(() => undefined)
    if (text === undefined) return undefined
    let json: unknown
    try {
      json = JSON.parse(text)
    } catch (error) {
      throw new RangeError(`Cannot use ${file}: not JSON: ${(error as Error).message}`)
    }
    const { error, data } = schema.safeParse(json)
    if (error === undefined) return data
    const { path, message } = error.issues[0]!
    throw new RangeError(`Cannot use ${file}: ${path.join('.')}: ${message}`)
  }
  const profiles = await read(PROFILES_FILE, PROFILES)
  if (profiles === undefined) {
    throw new RangeError(
      `Cannot find evaluation data: no ${PROFILES_FILE} in ${resolve(dir)}; give --eval DIR, set ` +
        `SHOAL_EVAL, or make it with ${COMMAND} import-eval`,
    )
  }
  const reference = await read('loki-reference.json', REFERENCE)
  const traces = await read('twitter-trace.json', TRACES)
  const themis = await readThemis(dir)
  return {
    profiles: profiles as EvalData['profiles'],
    ...reference === undefined ? {} : { reference },
    ...traces === undefined ? {} : { traces },
    ...themis === undefined ? {} : { themis },
  }
}
