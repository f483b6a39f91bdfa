/**
 * What the rules need to check nodes: results compared as their stages say, pictures to ask about,
 * and who belongs to this coordinator.
 *
 * @module
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Payload } from '../../coordinator/nodes/payload.ts'
import { takesText } from '../../pipeline/generate.ts'
import type { Pipeline } from '../../pipeline/schema.ts'
import { queryTensors } from '../../pipeline/takes.ts'
import type { TrustOptions } from '../../policy/core/options.ts'
import type { ItemOutcome, VariantRef } from '../../policy/core/types.ts'
import type { Hello } from '../../protocol/mod.ts'
import { agree, faultOf } from '../../stages/agreement/agreement.ts'
import { createCropDecoder } from '../../stages/agreement/crop_decoder.ts'
import { toleranceOf } from '../../stages/agreement/tolerance.ts'
import { startJpegDecoder } from '../../stages/codecs.ts'
import type { ItemResult, JsonObject, StageItem } from '../../stages/types.ts'
import type { LoadedPipeline } from '../pipelines/load.ts'
import { loadLocalCodec } from './codec_assets.ts'
import { createLook } from './look.ts'
import { createQuestionPictures } from './question_pictures.ts'
import { questionText, textSamplesOf } from './question_texts.ts'
import { samplesOf } from './samples.ts'

/** A version that is served, by its name. */
type PipelineOf = (name: string) => Pipeline | undefined

export interface Trust extends TrustOptions {
  /** Versions come and go: from now on they are looked up there. */
  follow(pipelineOf: PipelineOf): void
  /** No more questions are made. */
  stop(): void
}

/** @param random uniform in [0, 1); by default what no node can foresee */
export async function trustOptions(
  pipelines: readonly LoadedPipeline[],
  random: () => number = () => crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32,
): Promise<Trust> {
  let pipelineOf: PipelineOf = (name) =>
    pipelines.find(({ pipeline }) => pipeline.name === name)?.pipeline
  const taskOf = ({ pipeline, task }: VariantRef) => pipelineOf(pipeline)?.tasks[task]
  const decoder = await loadLocalCodec('jpeg_dec')
  const look = createLook(await createCropDecoder(() => startJpegDecoder(decoder)), random)
  const said = createVerdicts()
  const samples = new Map(
    await Promise.all(
      pipelines.map(async ({ dir, pipeline }) => {
        // A program that is to read tensors may well fall over a picture, and its worker with it.
        const takesPictures = queryTensors(pipeline) === undefined && !takesText(pipeline)
        return [pipeline.name, takesPictures ? await samplesOf(dir, pipeline.name) : []] as const
      }),
    ),
  )
  const questions = createQuestionPictures(samples, random)
  const texts = new Map(
    await Promise.all(
      pipelines.filter(({ pipeline }) => takesText(pipeline))
        .map(async ({ dir, pipeline }) => [pipeline.name, await textSamplesOf(dir)] as const),
    ),
  )
  return {
    follow: (next) => void (pipelineOf = next),
    random,
    agree: (ref, a, b) =>
      said(a.outcome, b.outcome, () => {
        const task = taskOf(ref)
        const precision = task?.variants[ref.variant]?.['precision']
        const tolerance = toleranceOf(a.backend, b.backend, precision)
        return agree(task ?? {}, resultOf(a.outcome), resultOf(b.outcome), tolerance, look())
      }),
    differ(ref, a, b) {
      const task = taskOf(ref)
      const tolerance = toleranceOf(
        undefined,
        undefined,
        task?.variants[ref.variant]?.['precision'],
      )
      return !agree(task ?? {}, resultOf(a.outcome), resultOf(b.outcome), tolerance, look())
    },
    faultOf: (ref, outcome) => faultOf(taskOf(ref) ?? {}, resultOf(outcome)),
    weigh: (payload) => (payload as Payload).bytes.byteLength,
    keyOf: (payload) => createHash('sha256').update((payload as Payload).bytes).digest('hex'),
    question(name) {
      const own = texts.get(name)
      return own === undefined ? questions.next(name) : questionText(own, random)
    },
    stop: questions.stop,
  }
}

/** What was found of two outcomes, kept as long as both are: a check asks at each of its turns. */
function createVerdicts() {
  const known = new WeakMap<ItemOutcome, WeakMap<ItemOutcome, boolean>>()
  return (a: ItemOutcome, b: ItemOutcome, compare: () => boolean): boolean => {
    const ofA = known.get(a) ?? new WeakMap<ItemOutcome, boolean>()
    known.set(a, ofA)
    const verdict = ofA.get(b) ?? compare()
    ofA.set(b, verdict)
    return verdict
  }
}

const resultOf = (outcome: ItemOutcome): ItemResult =>
  outcome.ok
    ? {
      ok: true,
      fields: outcome.result as JsonObject | null,
      children: outcome.children as { [task: string]: StageItem[] },
    }
    : { ok: false, reason: outcome.reason as 'invalid_input', message: outcome.message }

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
