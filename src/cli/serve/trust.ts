/**
 * What the rules need to check nodes: results compared as their stages say, samples to ask about,
 * and who belongs to this coordinator.
 *
 * @module
 */
import { timingSafeEqual } from 'node:crypto'
import { join } from 'node:path'
import type { Payload } from '../../coordinator/payload.ts'
import { checkPicture } from '../../coordinator/picture.ts'
import type { Pipeline } from '../../pipeline/schema.ts'
import { queryTensors } from '../../pipeline/takes.ts'
import type { TrustOptions } from '../../policy/options.ts'
import type { ItemOutcome, VariantRef } from '../../policy/types.ts'
import type { Hello } from '../../protocol/mod.ts'
import { agree, faultOf } from '../../stages/agreement/agreement.ts'
import { toleranceOf } from '../../stages/agreement/tolerance.ts'
import type { ItemResult, JsonObject, StageItem } from '../../stages/types.ts'
import type { LoadedPipeline } from '../pipelines/load.ts'
import { ROOT } from '../root.ts'

const SAMPLES = join(ROOT, 'demo', 'samples')
const MAX_SAMPLES = 4

/** A version that is served, by its name. */
type PipelineOf = (name: string) => Pipeline | undefined

export interface Trust extends TrustOptions {
  /** Versions come and go: from now on they are looked up there. */
  follow(pipelineOf: PipelineOf): void
}

/** @param random uniform in [0, 1); by default what no node can foresee */
export async function trustOptions(
  pipelines: readonly LoadedPipeline[],
  random: () => number = () => crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32,
): Promise<Trust> {
  let pipelineOf: PipelineOf = (name) =>
    pipelines.find(({ pipeline }) => pipeline.name === name)?.pipeline
  const taskOf = ({ pipeline, task }: VariantRef) => pipelineOf(pipeline)?.tasks[task]
  return {
    follow: (next) => void (pipelineOf = next),
    random,
    agree: (ref, a, b) => {
      const task = taskOf(ref)
      const precision = task?.variants[ref.variant]?.['precision']
      const tolerance = toleranceOf(a.backend, b.backend, precision)
      return agree(task?.kind, resultOf(a.outcome), resultOf(b.outcome), tolerance)
    },
    faultOf: (ref, outcome) => faultOf(taskOf(ref)?.kind, resultOf(outcome)),
    weigh: (payload) => (payload as Payload).bytes.byteLength,
    samples: Object.fromEntries(
      await Promise.all(
        pipelines.map(async ({ dir, pipeline }) => {
          // A program that is to read tensors may well fall over a picture, and its worker with it.
          const takesPictures = queryTensors(pipeline) === undefined
          return [pipeline.name, takesPictures ? await samplesOf(dir, pipeline.name) : []] as const
        }),
      ),
    ),
  }
}

const resultOf = (outcome: ItemOutcome): ItemResult =>
  outcome.ok
    ? {
      ok: true,
      fields: outcome.result as JsonObject | null,
      children: outcome.children as { [task: string]: StageItem[] },
    }
    : { ok: false, reason: 'invalid_input', message: outcome.message }

/**
 * Pictures of the pipeline's own folder `samples`, else the project's: those named after it first.
 *
 * @throws Error naming one that cannot be used
 */
export async function samplesOf(dir: string, pipeline: string): Promise<Payload[]> {
  const own = dir === '' ? [] : await picturesIn(join(dir, 'samples'))
  if (own.length > 0) return own
  const named = await picturesIn(SAMPLES, (name) => name.startsWith(pipeline))
  return named.length > 0 ? named : await picturesIn(SAMPLES)
}

async function picturesIn(
  dir: string,
  wanted: (name: string) => boolean = () => true,
): Promise<Payload[]> {
  const found: Payload[] = []
  const entries = await Array.fromAsync(Deno.readDir(dir)).catch(() => [])
  for (const { name, isDirectory } of entries.sort((a, b) => a.name.localeCompare(b.name))) {
    if (found.length >= MAX_SAMPLES || !wanted(name) || !/\.(jpe?g|png|webp)$/i.test(name)) continue
    if (!isDirectory) found.push(await pictureIn(join(dir, name)))
  }
  return found
}

async function pictureIn(file: string): Promise<Payload> {
  try {
    const bytes = await Deno.readFile(file)
    return { meta: { type: checkPicture(bytes).type }, bytes }
  } catch (cause) {
    throw new Error(`Cannot use ${file} as a sample: ${(cause as Error).message}`, { cause })
  }
}

/**
 * A secret of this run, and who knows it: nodes that this process started itself.
 *
 * @param token the secret, where there is one already
 */
export function createOwnToken(
  token: string = crypto.getRandomValues(new Uint8Array(32)).toHex(),
): { token: string; isOwn(hello: Hello): boolean } {
  const wanted = new TextEncoder().encode(token)
  return {
    token,
    isOwn({ token: given = '' }) {
      const bytes = new TextEncoder().encode(given)
      return bytes.length === wanted.length && timingSafeEqual(bytes, wanted)
    },
  }
}
