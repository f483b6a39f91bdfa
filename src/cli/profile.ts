/**
 * `deno task profile`: latency and accuracy of each variant and path of a pipeline, on this machine.
 *
 * @module
 */
import { parseArgs } from 'node:util'
import { join, resolve } from 'node:path'
import { PipelineError } from '../pipeline/error.ts'
import type { Pipeline } from '../pipeline/schema.ts'
import { loadPipeline } from './load_pipelines.ts'
import { createSteps } from './steps.ts'
import { type Measurer, startMeasurer } from './profile_measurer.ts'
import { profileOf } from './profile_result.ts'
import type { Profile, VariantTimes } from './profile_types.ts'
import { tableOf } from './profile_table.ts'
import { writeProfile } from './profile_write.ts'
import type { ExampleResult } from './profile_worker.ts'

const USAGE = `deno task profile --pipeline DIR [options]
  --pipeline DIR   folder with pipeline.json, its models and labelled.ts
  --json FILE      write all figures as JSON
  --pages N        only the first N labelled examples
  --workers 2      engines that score at once; latency is always measured by one alone
  --no-accuracy    latency only
  --write          put the figures into pipeline.json`

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

async function latencies(
  measurer: Measurer,
  pipeline: Pipeline,
  report: (line: string) => void,
): Promise<VariantTimes[]> {
  const times: VariantTimes[] = []
  for (const [task, { variants }] of Object.entries(pipeline.tasks)) {
    for (const variant of Object.keys(variants)) {
      report(`${task} ${variant}`)
      const measured = await measurer.latency(task, variant, batches)
      const overhead = await measurer.overhead(task, variant, overheadExamples)
      times.push({ task, variant, batches: measured, ...overhead })
    }
  }
  return times
}

const flags = options()
const file = join(flags.pipeline, 'pipeline.json')
const steps = createSteps((line) => console.error(line))
const { pipeline, models } = await steps.run(
  'preparing models',
  (report) => loadPipeline(flags.pipeline, report),
).catch((error) => fail(error instanceof PipelineError ? error.message : String(error.stack)))
const text = await Deno.readTextFile(file)

const first = await startMeasurer(flags.pipeline, pipeline, models).catch((e) => fail(e.message))
const count = Math.min(first.count, Number(flags.pages ?? Infinity))
let examples: ExampleResult[] = []
if (!flags['no-accuracy']) {
  const more = await Promise.all(
    Array.from({ length: Math.min(count, Number(flags.workers)) - 1 }, () => {
      return startMeasurer(flags.pipeline, pipeline, models)
    }),
  )
  examples = await steps.run('accuracy', (report) => scores([first, ...more], count, report))
  more.forEach((measurer) => measurer.end())
}
const times = await steps.run('latency', (report) => latencies(first, pipeline, report))
first.end()

const profile: Profile = profileOf(pipeline, { ...first, count }, examples, times)
console.log(tableOf(profile))
if (flags.json !== undefined) {
  const json = JSON.stringify(profile, null, 2) + '\n'
  if (flags.json === '-') console.log(json)
  else await Deno.writeTextFile(flags.json, json)
}
if (flags.write) {
  if (count < first.count && examples.length > 0) {
    fail(`Cannot write figures: ${count} of ${first.count} examples were scored`)
  }
  await Deno.writeTextFile(file, writeProfile(text, profile))
  console.error(`${file}: written`)
}
