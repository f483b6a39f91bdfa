/**
 * The measuring half of `deno task profile`: one engine, one thing at a time.
 *
 * @module
 */
import { pathToFileURL } from 'node:url'
import { resolve } from 'node:path'
import { createOrtModel } from '../node/engine/ort_model.ts'
import type { Pipeline } from '../pipeline/schema.ts'
import { taskOf, variantOf } from '../pipeline/tree.ts'
import { createCodecs } from '../stages/codecs.ts'
import { stages } from '../stages/stages.ts'
import type { ItemResult, Model, Stage, StageContext, StageItem } from '../stages/types.ts'
import { loadLocalCodec } from './codec_assets.ts'
import type { Labelled, LabelledModule, Leaf, Score } from '../stages/labelled.ts'

export type Request =
  | { kind: 'open'; dir: string; pipeline: Pipeline; files: Record<string, string> }
  | { kind: 'example'; index: number }
  | { kind: 'latency'; task: string; variant: string; batches: number[] }
  | { kind: 'overhead'; task: string; variant: string; examples: number }

export type Reply =
  | { kind: 'open'; skip?: string; set?: Pick<Labelled, 'count' | 'about' | 'names'> }
  | { kind: 'example' } & ExampleResult
  | { kind: 'latency'; batches: Latency[] }
  | { kind: 'overhead' } & Overhead
  | { kind: 'error'; message: string }

/** Scores by `variant > variant`, counts of children by `variant > variant > task`. */
export interface ExampleResult {
  paths: Record<string, Score>
  /** Each task alone, on what a faultless parent hands to it, by `task > variant`; leaves only. */
  alone: Record<string, Score>
  /** Items in and children out, by `task > variant > child`. */
  fanOut: Record<string, { items: number; children: number }>
}

/** Times of one batch, from `runs` runs after warming up. */
export interface Latency {
  batch: number
  runs: number
  minMs: number
  medianMs: number
}

/** What a stage does besides and how often it runs its model, per item. */
export interface Overhead {
  /** Median time outside the model. */
  otherMs: number
  /** Mean rows of the model's batches: more than 1 where items are cut up. */
  rows: number
}

const largestBatch = 8
const warmRuns = 20
const warmMs = 3000

let opened: { pipeline: Pipeline; files: Record<string, string>; set: Labelled } | undefined
const models = new Map<string, Promise<Model>>()
const codecs = createCodecs(loadLocalCodec)
let modelMs = 0
let modelRows = 0

self.onmessage = async ({ data }: MessageEvent<Request>) => {
  let reply: Reply
  try {
    reply = await answer(data)
  } catch (error) {
    reply = { kind: 'error', message: error instanceof Error ? error.message : String(error) }
  }
  self.postMessage(reply)
}

async function answer(request: Request): Promise<Reply> {
  if (request.kind === 'open') return await open(request)
  if (request.kind === 'example') return { kind: 'example', ...await scoreExample(request.index) }
  if (request.kind === 'latency') {
    const context = await contextOf(request.task, request.variant)
    const batches: Latency[] = []
    for (const batch of request.batches) {
      batches.push(await measure(context, batch, batches[0]))
    }
    return { kind: 'latency', batches }
  }
  return { kind: 'overhead', ...await overhead(request) }
}

async function open(request: Request & { kind: 'open' }): Promise<Reply> {
  const { dir, pipeline, files } = request
  const module: LabelledModule = await import(pathToFileURL(resolve(dir, 'labelled.ts')).href)
  const set = await module.labelled()
  if ('skip' in set) return { kind: 'open', skip: set.skip }
  opened = { pipeline, files, set }
  const { count, about, names } = set
  return { kind: 'open', set: { count, about, names } }
}

function state() {
  if (opened === undefined) throw new Error('Cannot measure: received no pipeline yet')
  return opened
}

async function contextOf(taskName: string, variantName: string): Promise<StageContext> {
  const { pipeline, files } = state()
  const task = taskOf(pipeline, taskName)
  const variant = variantOf(pipeline, taskName, variantName)
  const name = variant.model ?? ''
  let model = models.get(name)
  if (model === undefined) {
    model = Deno.readFile(files[name]!).then((bytes) => createOrtModel(bytes)).then(timed)
    models.set(name, model)
  }
  return { task, variant, next: task.next, model: await model, codecs, crops: 'raw' }
}

/** Adds up the time inside the model, so that the rest can be told. */
function timed(model: Model): Model {
  return {
    ...model,
    run: async (feeds) => {
      const started = performance.now()
      const outputs = await model.run(feeds)
      modelMs += performance.now() - started
      modelRows += Object.values(feeds)[0]?.dims[0] ?? 0
      return outputs
    },
  }
}

function stageOf(task: string): Stage {
  const { pipeline } = state()
  return stages[taskOf(pipeline, task).kind ?? '']!
}

async function runAll(
  task: string,
  variant: string,
  items: readonly StageItem[],
): Promise<ItemResult[]> {
  const context = await contextOf(task, variant)
  const results: ItemResult[] = []
  for (let i = 0; i < items.length; i += largestBatch) {
    results.push(...await stageOf(task).run(items.slice(i, i + largestBatch), context))
  }
  return results
}

const leavesOf = (items: readonly StageItem[], results: readonly ItemResult[]): Leaf[] => {
  return results.map((result, i) => {
    return { meta: items[i]!.meta, fields: result.ok ? result.fields : null }
  })
}

async function scoreExample(index: number): Promise<ExampleResult> {
  const { pipeline, set } = state()
  const example = await set.example(index)
  const result: ExampleResult = { paths: {}, alone: {}, fanOut: {} }
  const walk = async (task: string, items: readonly StageItem[], above: string[]) => {
    const { next, variants } = taskOf(pipeline, task)
    for (const variant of Object.keys(variants)) {
      const path = [...above, variant]
      const results = await runAll(task, variant, items)
      if (next.length === 0) {
        result.paths[path.join(' > ')] = example.score(leavesOf(items, results), task)
      }
      for (const child of next) {
        const children = results.flatMap((r) => r.ok ? r.children[child] ?? [] : [])
        const counts = result.fanOut[`${task} > ${variant} > ${child}`] ??= {
          items: 0,
          children: 0,
        }
        counts.items += items.length
        counts.children += children.length
        await walk(child, children, path)
      }
    }
  }
  await walk(pipeline.root, [example.input], [])
  for (const [task, { next, variants }] of Object.entries(pipeline.tasks)) {
    if (next.length > 0) continue
    const items = await example.perfect(task, codecs)
    for (const variant of Object.keys(variants)) {
      const leaves = leavesOf(items, await runAll(task, variant, items))
      result.alone[`${task} > ${variant}`] = example.score(leaves, task)
    }
  }
  return result
}

/**
 * A batch as the stage runs it. A stage that runs items one by one, whose feeds carry one, takes
 * `single` as many times: not measured again.
 */
async function measure(context: StageContext, batch: number, single?: Latency): Promise<Latency> {
  const stage = stages[context.task.kind ?? '']!
  const feeds = stage.warmUp(context, batch)[0]!
  const carried = stage.carried?.(context, batch) ?? Object.values(feeds)[0]?.dims[0] ?? 1
  if (carried === 1 && single?.batch === 1) {
    const { runs, minMs, medianMs } = single
    return { batch, runs, minMs: minMs * batch, medianMs: medianMs * batch }
  }
  const warmStart = performance.now()
  for (let i = 0; i < warmRuns && performance.now() - warmStart < warmMs; i++) {
    await context.model.run(feeds)
  }
  const times: number[] = []
  const start = performance.now()
  while (times.length < 5 || (times.length < 30 && performance.now() - start < 3000)) {
    const started = performance.now()
    await context.model.run(feeds)
    times.push(performance.now() - started)
  }
  return { batch, runs: times.length, minMs: Math.min(...times), medianMs: median(times) }
}

/** Over examples run three times each. */
async function overhead(request: Request & { kind: 'overhead' }): Promise<Overhead> {
  const { pipeline, set } = state()
  const times: number[] = []
  let rows = 0
  let count = 0
  for (let index = 0; index < request.examples; index++) {
    const example = await set.example(index)
    const items = request.task === pipeline.root
      ? [example.input]
      : await example.perfect(request.task, codecs)
    if (items.length === 0) continue
    for (let round = 0; round < 3; round++) {
      const before = { modelMs, modelRows }
      const started = performance.now()
      await runAll(request.task, request.variant, items)
      const spentMs = performance.now() - started
      times.push((spentMs - (modelMs - before.modelMs)) / items.length)
      rows += modelRows - before.modelRows
      count += items.length
    }
  }
  return { otherMs: median(times), rows: count === 0 ? 1 : rows / count }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
