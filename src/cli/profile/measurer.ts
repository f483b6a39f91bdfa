/**
 * A measuring worker as an object with methods.
 *
 * @module
 */
import type { Backend } from '../../node/engine/engine.ts'
import type { Pipeline } from '../../pipeline/schema.ts'
import type { Names } from '../../stages/labelled.ts'
import type { JsonObject } from '../../stages/types.ts'
import type { PreparedModel } from '../pipelines/content_store.ts'
import type { ExampleResult, Latency, Overhead, Reply, Request } from './messages.ts'

export interface Measurer {
  count: number
  about: JsonObject
  names: Names
  example(index: number): Promise<ExampleResult>
  latency(task: string, variant: string, batches: number[]): Promise<Latency[]>
  overhead(task: string, variant: string, examples: number): Promise<Overhead>
  end(): void
}

/** What is measured, and on what. */
export interface MeasurerOptions {
  dir: string
  pipeline: Pipeline
  models: Record<string, PreparedModel>
  backend: Backend
  /** URL of the native engine's module. */
  native?: string | undefined
}

const NONE = {
  count: 0,
  about: {},
  names: { examples: 'files', truths: 'labels', units: 'answers' },
}

/** @throws Error when the labelled set cannot be had, with the reason */
export async function startMeasurer(options: MeasurerOptions): Promise<Measurer> {
  const { dir, pipeline, models, backend, native } = options
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
  const ask = <K extends Reply['kind']>(request: Request & { kind: K }) => {
    return new Promise<Reply & { kind: K }>((done, failed) => {
      worker.onmessage = ({ data }: MessageEvent<Reply>) => {
        if (data.kind === 'error') failed(new Error(data.message))
        else done(data as Reply & { kind: K })
      }
      worker.onerror = (event) => {
        event.preventDefault()
        failed(new Error(`Cannot measure: ${event.message}`))
      }
      worker.postMessage(request)
    })
  }
  const files = Object.fromEntries(Object.entries(models).map(([name, m]) => [name, m.file]))
  const opened = await ask({ kind: 'open', dir, pipeline, files, backend, native })
  const { skip, set = NONE } = opened
  if (skip !== undefined) {
    worker.terminate()
    throw new Error(`Cannot profile: ${skip}`)
  }
  return {
    ...set,
    example: (index) => ask({ kind: 'example', index }),
    latency: async (task, variant, batches) => {
      return (await ask({ kind: 'latency', task, variant, batches })).batches
    },
    overhead: (task, variant, examples) => ask({ kind: 'overhead', task, variant, examples }),
    end: () => worker.terminate(),
  }
}
