/**
 * From folders to pipelines ready to serve: the file read and checked, its models prepared.
 *
 * @module
 */
import { join, resolve } from 'node:path'
import { checkRunnable, parsePipeline } from '../pipeline/parse.ts'
import type { Pipeline } from '../pipeline/schema.ts'
import { PipelineError } from '../pipeline/error.ts'
import { stageKinds } from '../stages/stages.ts'
import { type PreparedModel, prepareModels } from './prepare_models.ts'
import { ROOT } from './root.ts'

export interface LoadedPipeline {
  dir: string
  pipeline: Pipeline
  models: Record<string, PreparedModel>
}

/** Every folder in `profiles/` with a pipeline file. */
export async function pipelineDirs(): Promise<string[]> {
  const dirs: string[] = []
  for await (const entry of Deno.readDir(join(ROOT, 'profiles'))) {
    const dir = join(ROOT, 'profiles', entry.name)
    if (entry.isDirectory && await exists(join(dir, 'pipeline.json'))) dirs.push(dir)
  }
  return dirs.sort()
}

/**
 * @param report told of each step of preparing models
 * @throws PipelineError naming file, path and fault
 */
export async function loadPipelines(
  dirs: readonly string[],
  report: (line: string) => void,
): Promise<LoadedPipeline[]> {
  const loaded: LoadedPipeline[] = []
  for (const dir of dirs.map((dir) => resolve(dir))) {
    const file = join(dir, 'pipeline.json')
    const text = await Deno.readTextFile(file).catch(() => {
      throw new PipelineError(file, '', 'the file cannot be read')
    })
    const pipeline = parsePipeline(text, file)
    checkRunnable(pipeline, stageKinds, file)
    if (loaded.some((other) => other.pipeline.name === pipeline.name)) {
      throw new PipelineError(file, 'name', `${pipeline.name} is the name of another one served`)
    }
    const models = await prepareModels(dir, { report })
    for (const [task, { variants }] of Object.entries(pipeline.tasks)) {
      for (const [variant, { model }] of Object.entries(variants)) {
        if (model === undefined || Object.hasOwn(models, model)) continue
        throw new PipelineError(
          file,
          `tasks.${task}.variants.${variant}.model`,
          `${model} is not among the models prepared: ${Object.keys(models).join(', ')}`,
        )
      }
    }
    loaded.push({ dir, pipeline, models })
  }
  return loaded
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false)
}
