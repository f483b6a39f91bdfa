/**
 * The measuring half of `deno task profile`: one engine, one thing at a time.
 *
 * @module
 */
import type { EngineAssets, EngineUse } from '../../node/engine/engine.ts'
import { loadCode } from '../../node/engine/load_code.ts'
import { createOrtModel } from '../../node/engine/ort_model.ts'
import type { Generator } from '../../node/engine/generate/generator.ts'
import { GENERATE } from '../../pipeline/generate.ts'
import { CODE } from '../../pipeline/runs_on.ts'
import type { Pipeline } from '../../pipeline/schema.ts'
import { taskOf, variantOf } from '../../pipeline/tree.ts'
import { createCodecs } from '../../stages/codecs.ts'
import type { Example, Labelled, Leaf } from '../../stages/labelled.ts'
import { stages } from '../../stages/stages.ts'
import type { ItemResult, Model, Stage, StageContext, StageItem } from '../../stages/types.ts'
import { loadLocalCodec } from '../serve/codec_assets.ts'
import { median } from '../statistics.ts'
import { answersOf, measureGenerating, openGenerator } from './generating.ts'
import { handedTo } from './handed.ts'
import { findSet } from './labelled_set.ts'
import { measureLatency } from './latency.ts'
import {
  type ExampleResult,
  faultOf,
  type Latency,
  type Overhead,
  type Reply,
  type Request,
} from './messages.ts'

const largestBatch = 8

interface Opened {
  pipeline: Pipeline
  files: Record<string, string>
  use: EngineUse
  assets: EngineAssets
  set: Labelled | undefined
}
let opened: Opened | undefined
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
    if (generates(request.task)) {
      const generator = await generatorOf(request.task, request.variant)
      const batches: Latency[] = []
      for (const batch of request.batches) batches.push(await measureGenerating(generator, batch))
      return { kind: 'latency', batches }
    }
    const context = await contextOf(request.task, request.variant)
    const stage = await stageOf(request.task)
    const batches: Latency[] = []
    for (const batch of request.batches) {
      batches.push(await measureLatency(stage, context, batch, batches[0]))
    }
    return { kind: 'latency', batches }
  }
  return { kind: 'overhead', ...await overhead(request) }
}

async function open(request: Request & { kind: 'open' }): Promise<Reply> {
  const { dir, pipeline, files, backend, native } = request
  const assets = native === undefined ? {} : { ort: { native: { module: native } } }
  opened = { pipeline, files, assets, use: { backend, threads: 1 }, set: undefined }
  const set = await findSet(dir, pipeline)
  if (set === undefined) return { kind: 'open', none: true }
  if ('skip' in set) return { kind: 'open', skip: set.skip }
  opened.set = set
  const { count, about, names } = set
  return { kind: 'open', set: { count, about, names } }
}

function state() {
  if (opened === undefined) throw new Error('Cannot measure: received no pipeline yet')
  return opened
}

async function contextOf(taskName: string, variantName: string): Promise<StageContext> {
  const { pipeline, files, use, assets } = state()
  const task = taskOf(pipeline, taskName)
  const variant = variantOf(pipeline, taskName, variantName)
  const name = variant.model ?? ''
  let model = models.get(name)
  if (model === undefined) {
    model = variant.model === undefined
      ? Promise.resolve(NO_MODEL)
      : Deno.readFile(files[name]!).then((bytes) => createOrtModel(bytes, assets, use)).then(timed)
    models.set(name, model)
  }
  return { task, variant, next: task.next, model: await model, codecs, crops: 'raw' }
}

const NO_MODEL: Model = {
  inputNames: [],
  outputNames: [],
  run: () => Promise.reject(new Error('the variant names no model')),
}

/** Adds up the time inside the model, so that the rest can be told. */
function timed(model: Model): Model {
  return {
    ...model,
    run: async (feeds, exact) => {
      const started = performance.now()
      const outputs = await model.run(feeds, exact)
      modelMs += performance.now() - started
      modelRows += rowsOf(feeds)
      return outputs
    },
  }
}

const rowsOf = (feeds: Feeds): number => Object.values(feeds)[0]?.dims[0] ?? 0
type Feeds = Parameters<Model['run']>[0]

const generates = (task: string) => taskOf(state().pipeline, task).kind === GENERATE

const generators = new Map<string, Promise<Generator>>()

function generatorOf(taskName: string, variantName: string): Promise<Generator> {
  const key = `${taskName} ${variantName}`
  let found = generators.get(key)
  if (found === undefined) {
    const open = async () => {
      const { files } = state()
      const { task, variant, model } = await contextOf(taskName, variantName)
      const bytes = await Deno.readFile(files[variant.model ?? '']!)
      const readText = (name: string) => Deno.readTextFile(files[name]!)
      return await openGenerator({ task, variant, model, bytes, readText }, key)
    }
    generators.set(key, found = open())
  }
  return found
}

const programs = new Map<string, Promise<Stage>>()

async function stageOf(name: string): Promise<Stage> {
  const { pipeline, files } = state()
  const task = taskOf(pipeline, name)
  if (task.kind !== CODE) return stages[task.kind ?? '']!
  const file = files[String(task['stage'])] ?? ''
  let stage = programs.get(file)
  if (stage === undefined) {
    stage = Deno.readFile(file).then((bytes) => loadCode({ hash: '', bytes }))
    programs.set(file, stage)
  }
  return await stage
}

function setOf(): Labelled {
  const { set } = state()
  if (set === undefined) throw new Error('Cannot measure accuracy: there is no labelled set')
  return set
}

async function runAll(
  task: string,
  variant: string,
  items: readonly StageItem[],
): Promise<ItemResult[]> {
  try {
    if (generates(task)) return await answersOf(await generatorOf(task, variant), items)
    const context = await contextOf(task, variant)
    const stage = await stageOf(task)
    const results: ItemResult[] = []
    for (let i = 0; i < items.length; i += largestBatch) {
      results.push(...await stage.run(items.slice(i, i + largestBatch), context))
    }
    return results
  } catch (error) {
    throw faultOf(task, variant, error)
  }
}

const leavesOf = (items: readonly StageItem[], results: readonly ItemResult[]): Leaf[] => {
  return results.map((result, i) => {
    const { meta } = items[i]!
    return result.ok
      ? { meta, fields: result.fields, tensors: result.tensors }
      : { meta, fields: null }
  })
}

async function scoreExample(index: number): Promise<ExampleResult> {
  const { pipeline } = state()
  const example = await setOf().example(index)
  const result: ExampleResult = { paths: {}, alone: {}, fanOut: {} }
  const refusals: string[] = []
  const walk = async (task: string, items: readonly StageItem[], above: string[]) => {
    const { next, variants } = taskOf(pipeline, task)
    for (const variant of Object.keys(variants)) {
      const path = [...above, variant]
      const results = await runAll(task, variant, items)
      // What no variant can read says nothing of any.
      if (task === pipeline.root && results[0]?.ok === false) refusals.push(results[0].message)
      if (next.length === 0) {
        result.paths[path.join(' > ')] = example.score(leavesOf(items, results), task)
      }
      for (const child of next) {
        const to = { name: child, task: taskOf(pipeline, child) }
        const children = handedTo(to, items, results)
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
  if (refusals.length === Object.keys(taskOf(pipeline, pipeline.root).variants).length) {
    const why = [example.name, refusals[0]].filter(Boolean).join(': ')
    throw new Error(`Cannot measure accuracy: example ${index + 1} cannot be read: ${why}`)
  }
  for (const [task, { next, variants }] of Object.entries(pipeline.tasks)) {
    if (next.length > 0) continue
    const items = await example.perfect(task, codecs)
    if (items === undefined) continue
    for (const variant of Object.keys(variants)) {
      const leaves = leavesOf(items, await runAll(task, variant, items))
      result.alone[`${task} > ${variant}`] = example.score(leaves, task)
    }
  }
  return result
}

/** What comes to a task: as it should be where that is known, else by the first variants above it. */
async function reach(task: string, example: Example): Promise<StageItem[]> {
  const { pipeline } = state()
  if (task === pipeline.root) return [example.input]
  const perfect = await example.perfect(task, codecs)
  if (perfect !== undefined) return perfect
  const [parent] = Object.entries(pipeline.tasks).find(([, { next }]) => next.includes(task))!
  const [variant] = Object.keys(taskOf(pipeline, parent).variants)
  const items = await reach(parent, example)
  const results = await runAll(parent, variant!, items)
  return handedTo({ name: task, task: taskOf(pipeline, task) }, items, results)
}

/** Over examples run three times each. */
async function overhead(request: Request & { kind: 'overhead' }): Promise<Overhead> {
  const { set } = state()
  // What a usual batch takes is measured as a whole.
  if (generates(request.task)) return { otherMs: 0, rows: 1 }
  const times: number[] = []
  let rows = 0
  let count = 0
  for (let index = 0; index < Math.min(request.examples, set?.count ?? 0); index++) {
    const example = await setOf().example(index)
    const items = await reach(request.task, example)
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
  if (count === 0) return { otherMs: 0, rows: 1 }
  // The time of an item is that of one as usual, which may have several rows itself.
  const context = await contextOf(request.task, request.variant)
  const usual = (await stageOf(request.task)).warmUp(context, 1)[0] ?? {}
  return { otherMs: median(times), rows: rows / count / (rowsOf(usual) || 1) }
}
