/**
 * From folders to pipelines ready to serve: the file read and checked, its models prepared.
 *
 * @module
 */
import { join, resolve } from 'node:path'
import { PipelineError } from '../../pipeline/error.ts'
import { checkRunnable, parsePipeline } from '../../pipeline/parse.ts'
import { CODE } from '../../pipeline/runs_on.ts'
import type { Pipeline } from '../../pipeline/schema.ts'
import { stageKinds, stages } from '../../stages/stages.ts'
import { ROOT } from '../root.ts'
import { bundleStage } from './bundle_stage.ts'
import { checkModels } from './check_models.ts'
import { type PreparedModel, storeDir } from './content_store.ts'
import { inlineLabels } from './label_files.ts'
import { type FolderModel, isFileName, pathInside, readModelFile } from './model_files.ts'
import { prepareModels } from './prepare.ts'
import { textsOf } from './text_files.ts'
import { noteUse, trimStore } from './trim_store.ts'

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
  for (const dir of dirs) {
    const one = await loadPipeline(dir, report)
    if (loaded.some(({ pipeline }) => pipeline.name === one.pipeline.name)) {
      const fault = `${one.pipeline.name} is the name of another one served`
      throw new PipelineError(join(one.dir, 'pipeline.json'), 'name', fault)
    }
    loaded.push(one)
  }
  return loaded
}

/** As {@linkcode loadPipelines}, for one folder. */
export async function loadPipeline(
  folder: string,
  report: (line: string) => void,
  options: { cacheDir?: string } = {},
): Promise<LoadedPipeline> {
  const dir = resolve(folder)
  const file = join(dir, 'pipeline.json')
  const text = await Deno.readTextFile(file).catch(() => {
    throw new PipelineError(file, '', 'the file cannot be read')
  })
  const pipeline = parsePipeline(text, file)
  checkRunnable(pipeline, stageKinds, file)
  await inlineLabels(pipeline, dir, file)
  const derived = await exists(join(dir, 'models.ts'))
    ? await prepareModels(dir, { report, cacheDir: options.cacheDir })
    : undefined
  const files: Record<string, FolderModel> = {}
  for (const [at, model] of modelsNamed(pipeline)) {
    if (Object.hasOwn({ ...derived, ...files }, model)) continue
    if (!isFileName(model)) {
      throw new PipelineError(file, at, notThere(model, derived && Object.keys(derived)))
    }
    files[model] = await readModelFile(dir, model, storeDir(options.cacheDir))
      .catch((error: Error) => {
        throw new PipelineError(file, at, error.message)
      })
  }
  const models = {
    ...derived,
    ...files,
    ...await programsOf(pipeline, dir, file, options.cacheDir),
    ...await textsOf(pipeline, dir, file, storeDir(options.cacheDir)),
  }
  await noteUse(Object.values(models).map(({ file }) => file))
  await trimStore(storeDir(options.cacheDir), Date.now())
  return { dir, pipeline: await checkModels(pipeline, models, stages, file), models }
}

/** The programs of tasks of kind `code`, by the names of their files. */
async function programsOf(
  { tasks }: Pipeline,
  dir: string,
  file: string,
  cacheDir: string | undefined,
): Promise<Record<string, PreparedModel>> {
  const programs: Record<string, PreparedModel> = {}
  for (const [name, task] of Object.entries(tasks)) {
    if (task.kind !== CODE) continue
    const { stage = 'stage.ts' } = task
    const at = `tasks.${name}.stage`
    if (typeof stage !== 'string') throw new PipelineError(file, at, 'must be the name of a file')
    task['stage'] = stage
    programs[stage] ??= await pathInside(dir, stage)
      .then((path) => bundleStage(path, storeDir(cacheDir)))
      .catch((error: Error) => {
        throw new PipelineError(file, at, `${stage}: ${error.message}`)
      })
  }
  return programs
}

/** What each variant's `model` says, with its place in the file. */
function* modelsNamed({ tasks }: Pipeline): Generator<[at: string, model: string]> {
  for (const [task, { variants }] of Object.entries(tasks)) {
    for (const [variant, { model }] of Object.entries(variants)) {
      if (model !== undefined) yield [`tasks.${task}.variants.${variant}.model`, model]
    }
  }
}

function notThere(model: string, derived: readonly string[] | undefined): string {
  return derived === undefined
    ? `${model} is no .onnx file, and the folder has no models.ts that would make it`
    : `${model} is not among those that models.ts makes: ${derived.join(', ') || 'it makes none'}`
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false)
}
