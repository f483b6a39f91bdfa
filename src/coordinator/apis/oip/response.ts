/**
 * `POST /v2/models/{m}/infer`, the way out: JSON, with the bytes of binary tensors behind it.
 *
 * @module
 */
import { publicName, versionOf } from '../../../pipeline/version.ts'
import { compressed } from '../../http/compress.ts'
import { type Finished, round, serverTiming } from '../../pool/answer.ts'
import { assembleOutputs } from '../../queries/assemble.ts'
import type { Model } from './model.ts'
import type { BodyQuery } from './request.ts'
import type { InferenceResponse } from './schemas.ts'
import { encodeTensor, joined } from './tensors.ts'

/**
 * @param answers an answer for each picture, in their order
 * @param request headers of the request
 */
export function respond(
  model: Model,
  { id, outputs, budgetMs }: { id: string; outputs: BodyQuery['outputs']; budgetMs: number },
  answers: readonly Finished[],
  latencyMs: number,
  modelledJ: number,
  request: Headers = new Headers(),
): Response {
  const { pipeline } = model
  const pictures = answers.map(({ items }) => assembleOutputs(pipeline, items))
  const blobs: Uint8Array<ArrayBuffer>[] = []
  const body: InferenceResponse = {
    model_name: publicName(pipeline.name),
    model_version: String(versionOf(pipeline.name)),
    id,
    parameters: {
      accuracy: answers.reduce((sum, { accuracy }) => sum + accuracy, 0) / answers.length,
      deadline_ms: budgetMs,
      latency_ms: latencyMs,
      ...variantsOf(answers),
    },
    outputs: outputs.map(({ name, binary }) => {
      const tensor = model.outputs.find((one) => one.name === name)!.read(pictures)
      const { shape, datatype } = tensor
      if (!binary) return { name, shape, datatype, data: tensor.data }
      const blob = encodeTensor(tensor)
      blobs.push(blob)
      return { name, shape, datatype, parameters: { binary_data_size: blob.byteLength } }
    }),
  }
  const json = JSON.stringify(body)
  const timing = { 'server-timing': timingOf(answers, latencyMs, modelledJ) }
  if (!outputs.some(({ binary }) => binary)) {
    const headers = { ...timing, 'content-type': 'application/json' }
    return new Response(compressed(request, json, headers), { headers })
  }
  const head = new TextEncoder().encode(json)
  const headers = {
    ...timing,
    'content-type': 'application/octet-stream',
    // Length of the uncompressed JSON.
    'inference-header-content-length': String(head.byteLength),
  }
  return new Response(compressed(request, joined([head, ...blobs]), headers), { headers })
}

/** `variant.TASK`: the variants that were used, the variant of most items first. */
function variantsOf(answers: readonly Finished[]): Record<string, string> {
  const items: Record<string, Record<string, number>> = {}
  for (const { path } of answers) {
    for (const [task, variants] of Object.entries(path)) {
      const of = items[task] ??= {}
      for (const [variant, count] of Object.entries(variants)) {
        of[variant] = (of[variant] ?? 0) + count
      }
    }
  }
  return Object.fromEntries(
    Object.entries(items).map(([task, variants]) => [
      `variant.${task}`,
      Object.entries(variants).sort(([, a], [, b]) => b - a).map(([variant]) => variant).join(','),
    ]),
  )
}

/** Computation summed over each task's batches: a call of many pictures has many batches. */
function timingOf(answers: readonly Finished[], latencyMs: number, modelledJ: number): string {
  const stages = answers.flatMap(({ stages }) => stages)
  const tasks = new Map<string, number>()
  for (const { task, computeMs } of stages) tasks.set(task, (tasks.get(task) ?? 0) + computeMs)
  return [
    ...serverTiming(latencyMs, stages, modelledJ),
    ...[...tasks].map(([task, ms]) => `${task};dur=${round(ms)}`),
  ].join(', ')
}
