/**
 * A rehearsal: each pipeline is asked about samples before anybody else asks, so that what the first
 * query is planned with are runs on this machine, with what runs beside it.
 *
 * @module
 */
import { textPayload } from '../../coordinator/http/inputs/text.ts'
import type { Payload } from '../../coordinator/nodes/payload.ts'
import { pictureOf } from '../../coordinator/http/inputs/picture.ts'
import type { Pool } from '../../coordinator/pool/pool.ts'
import { takesText } from '../../pipeline/generate.ts'
import type { Pipeline } from '../../pipeline/schema.ts'
import { queryTensors } from '../../pipeline/takes.ts'
import type { LoadedPipeline } from '../pipelines/load.ts'
import { textSamplesOf } from './question_texts.ts'
import { samplesOf } from './samples.ts'

/** As long as samples are asked about; the first is asked in any case. */
const ASK_MS = 3000
/** SLOs that a sample has time for, so that it takes the most accurate path on a slow machine, too. */
const SLOS = 4
const MOST_MS = 20_000

export type Samples = ReadonlyMap<string, readonly Payload[]>

/** Samples of each pipeline; none of what takes tensors, which a program may well fall over. */
export async function rehearsalSamples(pipelines: readonly LoadedPipeline[]): Promise<Samples> {
  const read = async ({ dir, pipeline }: LoadedPipeline): Promise<Payload[]> => {
    if (queryTensors(pipeline) !== undefined) return []
    if (takesText(pipeline)) return (await textSamplesOf(dir)).map((text) => textPayload(text))
    return (await samplesOf(dir, pipeline.name)).map(({ bytes }) => pictureOf(bytes))
  }
  return new Map(
    await Promise.all(pipelines.map(async (one) => [one.pipeline.name, await read(one)] as const)),
  )
}

/** Resolves when it is over, however it went. */
export async function rehearse(
  { submit, versions }: Pick<Pool, 'submit' | 'versions'>,
  samples: Samples,
  { name, sloMs }: Pipeline,
  now: () => number,
): Promise<void> {
  const startMs = now()
  const served = versions.current().find(({ pipeline }) => pipeline.name === name)
  for (const payload of served === undefined ? [] : samples.get(name) ?? []) {
    const arrivedMs = now()
    if (arrivedMs - startMs >= ASK_MS) return
    const { answer } = await submit({
      pipeline: name,
      payload,
      arrivedMs,
      gone: () => () => {},
      holder: undefined,
      deadlineMs: arrivedMs + Math.min(SLOS * sloMs, MOST_MS),
    })
    if (!answer.ok) return
  }
}
