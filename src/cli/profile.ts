/**
 * `deno task profile`: latency and accuracy of each variant and path of a pipeline, on this machine.
 *
 * @module
 */
import './deno_version.ts'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readAdapter } from '../node/engine/adapter.ts'
import type { Backend } from '../node/engine/engine.ts'
import type { Pipeline } from '../pipeline/schema.ts'
import { variantPaths, variantsOnPath } from '../pipeline/tree.ts'
import { loadPipeline } from './pipelines/load.ts'
import { modelsFault } from './pipelines/models_fault.ts'
import { nativeEngine } from './node/native_engine.ts'
import { type Measurer, startMeasurer } from './profile/measurer.ts'
import { type ExampleResult, faultOf } from './profile/messages.ts'
import { profileOf } from './profile/result.ts'
import { tableOf } from './profile/table.ts'
import type { Profile, VariantTimes } from './profile/types.ts'
import { MOST_WAYS } from './profile/ways.ts'
import { writeProfile } from './profile/write.ts'
import { COMMAND, ROOT } from './root.ts'
import { createSteps } from './steps.ts'
import { checkWritable, replaceFile, writeOut } from './writable.ts'

const USAGE = `${COMMAND} profile --pipeline DIR [options]
  --pipeline DIR   folder with pipeline.json, its models and a labelled set
  --json FILE      write all figures as JSON
  --backend NAME   wasm, webgpu or native, besides wasm, which is always measured; may be repeated;
                   webgpu where the machine has a GPU if absent
  --pages N        only the first N labelled examples
  --workers 2      engines that score at once; latency is always measured by one alone
  --no-accuracy    latency only
  --write          put the figures into pipeline.json, and all of them into measured.json beside it

The labelled set is what labelled.ts of the folder makes, or the files of its folder labelled/ with
what labels.json there says of each; without any, latency alone is measured.`

const batches = [1, 2, 4, 8]
const overheadExamples = 8

function fail(message: string): never {
  console.error(message)
  Deno.exit(1)
}

function options() {
  try {
    const { values } = parseArgs({
      args: Deno.args,
      options: {
        pipeline: { type: 'string' },
        json: { type: 'string' },
        backend: { type: 'string', multiple: true },
        pages: { type: 'string' },
        workers: { type: 'string', default: '2' },
        'no-accuracy': { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        help: { type: 'boolean' },
      },
    })
    if (values.help) {
      console.log(USAGE)
      Deno.exit(0)
    }
    if (values.pipeline === undefined) {
      return fail(`Cannot profile: received no --pipeline\n\n${USAGE}`)
    }
    for (const name of ['pages', 'workers'] as const) {
      if (values[name] !== undefined && !/^[1-9]\d{0,5}$/.test(values[name])) {
        fail(`Cannot use --${name}: must be a positive integer: received ${values[name]}`)
      }
    }
    return { ...values, pipeline: resolve(values.pipeline) }
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${USAGE}`)
  }
}

async function scores(
  measurers: readonly Measurer[],
  count: number,
  report: (line: string) => void,
): Promise<ExampleResult[]> {
  const results: ExampleResult[] = []
  let next = 0
  await Promise.all(measurers.map(async (measurer) => {
    while (next < count) {
      const index = next++
      results[index] = await measurer.example(index)
      report(`${results.filter(Boolean).length} of ${count} examples`)
    }
  }))
  return results
}

/** Where branches call their variants alike, accuracies of paths cannot be told apart in the file. */
const ambiguousPath = (pipeline: Pipeline): string | undefined =>
  variantPaths(pipeline).find(({ variants }) => variantsOnPath(pipeline, variants) > 1)
    ?.variants.join(' > ')

const variantsOf = ({ tasks }: Pipeline) =>
  Object.entries(tasks).flatMap(([task, { variants }]) =>
    Object.keys(variants).map((variant) => ({ task, variant }))
  )

async function latencies(
  measurer: Measurer,
  pipeline: Pipeline,
  report: (line: string) => void,
): Promise<VariantTimes[]> {
  const times: VariantTimes[] = []
  for (const { task, variant } of variantsOf(pipeline)) {
    report(`${task} ${variant}`)
    const measured = await measurer.latency(task, variant, batches).catch((error: Error) => {
      throw faultOf(task, variant, error)
    })
    const overhead = await measurer.overhead(task, variant, overheadExamples)
    times.push({ task, variant, batches: measured, ...overhead })
  }
  return times
}

/** The same on another backend, each variant with a worker of its own: one that fails spoils none. */
async function latenciesOn(
  backend: Backend,
  times: readonly VariantTimes[],
  start: (backend: Backend) => Promise<Measurer>,
  report: (line: string) => void,
): Promise<void> {
  for (const one of times) {
    report(`${one.task} ${one.variant}`)
    const measurer = await start(backend)
    const measured = await measurer.latency(one.task, one.variant, batches)
      .catch((error: Error) => error.message)
    measurer.end()
    one.others = { ...one.others, [backend]: measured }
  }
}

/** Those to measure besides WebAssembly. A GPU that is the processor says nothing of one. */
async function otherBackends(asked: readonly string[] | undefined): Promise<Backend[]> {
  for (const name of asked ?? []) {
    if (name !== 'wasm' && name !== 'webgpu' && name !== 'native') {
      fail(`Cannot use --backend: must be wasm, webgpu or native: received ${name}`)
    }
  }
  if (asked !== undefined) return asked.filter((name) => name !== 'wasm') as Backend[]
  const adapter = await readAdapter()
  return adapter === undefined || adapter.software ? [] : ['webgpu']
}

const flags = options()
const file = join(flags.pipeline, 'pipeline.json')
const measured = join(flags.pipeline, 'measured.json')
const cannot = (error: Error) => fail(error.message)
const steps = createSteps((line) => console.error(line))
const { pipeline, models } = await steps.run(
  'preparing models',
  (report) => loadPipeline(flags.pipeline, report),
).catch((error) => fail(modelsFault(error)))
for (const output of [flags.json ?? '-', ...flags.write ? [file, measured] : []]) {
  if (output !== '-') await checkWritable(output).catch(cannot)
}

const others = await otherBackends(flags.backend)
const native = others.includes('native')
  ? await nativeEngine((line) => console.error(line)).catch(cannot)
  : undefined
const start = (backend: Backend) =>
  startMeasurer({ dir: flags.pipeline, pipeline, models, backend, native })
const first = await start('wasm').catch(cannot)
const count = Math.min(first.count, Number(flags.pages ?? Infinity))
let examples: ExampleResult[] = []
if (first.count === 0) steps.say('no labelled set: accuracy is not measured')
if (!flags['no-accuracy'] && count > 0) {
  const twice = ambiguousPath(pipeline)
  if (twice !== undefined) {
    fail(
      `Cannot measure accuracy: ${twice} fits more than one path: rename variants in ${file}, ` +
        'or have latency alone measured with --no-accuracy',
    )
  }
  if (flags.write && count < first.count) {
    fail(
      `Cannot write figures of ${count} of ${first.count} examples: leave out --pages or --write`,
    )
  }
  const more = await Promise.all(
    Array.from({ length: Math.min(count, Number(flags.workers)) - 1 }, () => {
      return start('wasm')
    }),
  ).catch(cannot)
  examples = await steps.run('accuracy', (report) => scores([first, ...more], count, report))
    .catch(cannot)
  more.forEach((measurer) => measurer.end())
}
const times = await steps.run('latency', (report) => latencies(first, pipeline, report))
  .catch(cannot)
first.end()
for (const backend of others) {
  await steps.run(
    `latency on ${backend}`,
    (report) => latenciesOn(backend, times, start, report),
  )
}

const profile: Profile = profileOf(pipeline, { ...first, count }, examples, times)
console.log(tableOf(profile))
const scored = profile.paths.filter(({ unscored }) => !unscored)
if (profile.scored && scored.every(({ accuracy }) => accuracy === 0)) {
  steps.say(
    'no answer was right: is `field` misspelt in labelled/labels.json, or are the labels? ' +
      'Accuracies are 0',
  )
}
if (profile.scored && scored.length < profile.paths.length) {
  const tasks = profile.variants.filter(({ unscored }) => unscored).map(({ task }) => task)
  steps.say(`no label says anything of ${[...new Set(tasks)].join(', ')}: accuracy is as it was`)
}
if (profile.ways === undefined) {
  steps.say(`ways through all branches are not listed: there are over ${MOST_WAYS}`)
}
if (flags.json !== undefined) {
  const json = JSON.stringify(profile, null, 2) + '\n'
  if (flags.json === '-') console.log(json)
  else await writeOut(flags.json, json).catch(cannot)
}
if (flags.write) {
  const folder = relative(ROOT, flags.pipeline).startsWith('..')
    ? flags.pipeline
    : relative(ROOT, flags.pipeline)
  try {
    await replaceFile(measured, JSON.stringify(profile, null, 2) + '\n')
    // As it is now: somebody may have written into it while all this was measured.
    const text = await Deno.readTextFile(file)
    await replaceFile(file, writeProfile(text, profile, folder))
  } catch (error) {
    cannot(error as Error)
  }
  console.error(`${file}, ${measured}: written`)
}
