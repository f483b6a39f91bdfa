/**
 * What the coordinator serves, as its welcome said: from names to what a slot needs to know.
 *
 * @module
 */
import { isWithoutModel } from '../../pipeline/documents.ts'
import { GENERATE } from '../../pipeline/generate.ts'
import { checkPipeline } from '../../pipeline/parse.ts'
import { CODE } from '../../pipeline/runs_on.ts'
import type { Pipeline, Task } from '../../pipeline/schema.ts'
import type { Welcome } from '../../protocol/messages.ts'
import { NO_HASH } from '../engine/instance.ts'
import type { InstanceSpec } from '../engine/worker_api.ts'
import type { ModelRef } from './models.ts'

export interface VariantName {
  pipeline: string
  task: string
  variant: string
}

export const keyOf = ({ pipeline, task, variant }: VariantName): string =>
  `${pipeline}/${task}/${variant}`

export function nameOf(key: string): VariantName {
  const [pipeline = '', task = '', variant = ''] = key.split('/')
  return { pipeline, task, variant }
}

/** All that a figure of a variant depends on, besides the device. */
export function measuredAs({ hash, task, variant }: InstanceSpec): string {
  const { context, rows, typical } = task
  const input = task.kind === GENERATE ? { context, rows, typical } : variant.input ?? null
  return `${hash} ${task.kind} ${JSON.stringify(input)}`
}

/** Of variants from quick to slow the first of each task, where it is `wanted`. */
export function quickestOfEachTask(
  variants: readonly { key: string }[],
  wanted: (key: string) => boolean,
): string[] {
  const byTask = new Map<string, string>()
  for (const { key } of variants) {
    const { pipeline, task } = nameOf(key)
    const name = `${pipeline}/${task}`
    if (!byTask.has(name) && wanted(key)) byTask.set(name, key)
  }
  return [...byTask.values()]
}

export interface Catalog {
  readonly pipelines: readonly Pipeline[]
  /** @throws RangeError where the welcome said nothing of it */
  spec(name: VariantName): InstanceSpec
  /** The model of a spec, and what people call it. */
  model(hash: string): { ref: ModelRef; label: string } | undefined
}

/** @throws PipelineError for a pipeline that this node cannot read */
export function createCatalog(welcome: Pick<Welcome, 'pipelines' | 'models'>): Catalog {
  const pipelines = new Map<string, Pipeline>()
  for (const json of welcome.pipelines) {
    const pipeline = checkPipeline(json, 'of the coordinator')
    pipelines.set(pipeline.name, pipeline)
  }
  const models = new Map<string, { ref: ModelRef; label: string }>()
  for (const named of Object.values(welcome.models)) {
    for (const [label, ref] of Object.entries(named)) models.set(ref.sha256, { ref, label })
  }
  return {
    pipelines: [...pipelines.values()],
    spec(name) {
      const task = pipelines.get(name.pipeline)?.tasks[name.task]
      const variant = task?.variants[name.variant]
      if (task === undefined || variant === undefined) {
        throw new RangeError(`Cannot find ${keyOf(name)} in what the coordinator serves`)
      }
      const models = welcome.models[name.pipeline] ?? {}
      const program = task.kind === CODE ? models[String(task['stage'])] : undefined
      // The variants of siblings are no business of the stage, and would be sent with each load.
      const bare = { ...task, variants: { [name.variant]: variant } }
      const plain = {
        key: keyOf(name),
        task: bare,
        variant,
        next: task.next,
        ...(pipelines.get(name.pipeline)?.root === name.task ? { isRoot: true } : {}),
      }
      if (isWithoutModel(task.kind)) return { ...plain, hash: NO_HASH, noModel: true }
      const noModel = program !== undefined && variant.model === undefined
      const ref = noModel ? program : models[variant.model ?? '']
      if (ref === undefined || (task.kind === CODE && program === undefined)) {
        throw new RangeError(`Cannot find model ${variant.model} of ${keyOf(name)}`)
      }
      const files = task.kind === GENERATE ? filesOf(task, models, keyOf(name)) : undefined
      return {
        ...plain,
        hash: ref.sha256,
        ...(program === undefined ? {} : { code: { hash: program.sha256 }, noModel }),
        ...(files === undefined ? {} : { files }),
      }
    },
    model: (hash) => models.get(hash),
  }
}

/** Hashes of the texts that a task names beside its models. */
function filesOf(
  { files }: Task,
  models: { readonly [name: string]: ModelRef },
  key: string,
): InstanceSpec['files'] {
  if (typeof files !== 'object' || files === null) return undefined
  return Object.fromEntries(
    Object.entries(files).map(([use, name]) => {
      const ref = models[String(name)]
      if (ref === undefined) throw new RangeError(`Cannot find ${use} ${name} of ${key}`)
      return [use, ref.sha256]
    }),
  )
}
