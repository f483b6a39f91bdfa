/**
 * Models of a pipeline, derived once and kept by content hash.
 *
 * A pipeline's folder says in `models.ts` what its models are made of and how. The cache holds
 * `HASH.onnx` files and, for each state of sources and recipe, an index of names to hashes.
 *
 * @module
 */
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { PipelineError } from '../../pipeline/error.ts'
import {
  fileOf,
  isWhole,
  type PreparedModel,
  sha256Of,
  store,
  storeDir,
  writeWhole,
} from './content_store.ts'
import { noteUse } from './trim_store.ts'

/** What `models.ts` of a pipeline's folder exports. */
export interface ModelRecipe {
  /** Changes whenever the derived bytes do. */
  recipeVersion: number
  sources: readonly URL[]
  modelNames: readonly string[]
  deriveModels(
    files: readonly Uint8Array[],
  ):
    | Iterable<{ model: string; bytes: Uint8Array }>
    | AsyncIterable<
      { model: string; bytes: Uint8Array }
    >
}

export interface PrepareOptions {
  /** Default: `SHOAL_CACHE`, else `.shoal/models` in the project's folder. */
  cacheDir?: string | undefined
  report?: ((line: string) => void) | undefined
}

type Index = { [model: string]: { sha256: string; bytes: number } }

/**
 * Gives every model of a pipeline as a file whose hash was checked; derives only what is missing.
 *
 * Several processes may do so at once: files appear whole, under the name of their content.
 *
 * @param pipelineDir folder with `models.ts`
 * @throws Error when sources cannot be read or the recipe does not fit them
 */
export async function prepareModels(
  pipelineDir: string,
  options: PrepareOptions = {},
): Promise<Record<string, PreparedModel>> {
  const report = options.report ?? (() => {})
  const cacheDir = storeDir(options.cacheDir)
  const path = resolve(pipelineDir, 'models.ts')
  // A module is read once: under another name it is read anew, should it have changed.
  const changedMs = (await Deno.stat(path)).mtime?.getTime() ?? 0
  const recipe = recipeIn(await import(`${pathToFileURL(path).href}?${changedMs}`), path)
  const files = await Promise.all(recipe.sources.map((url) => Deno.readFile(url)))
  // The program, too: another pipeline's may have the same names, and no sources either.
  const key = await keyOf(recipe, [await Deno.readFile(path), ...files])
  const indexFile = join(cacheDir, `index-${key}.json`)
  const cached = await readIndex(indexFile, recipe.modelNames)
  if (cached !== undefined) {
    const models = withFiles(cached, cacheDir)
    const whole = await Promise.all(Object.values(models).map(isWhole))
    if (whole.every(Boolean)) {
      // Before its models are: it is the first of them to go.
      await noteUse([indexFile])
      return models
    }
    report('the model cache is damaged: deriving again')
  }
  const index: Index = {}
  for await (const { model, bytes } of recipe.deriveModels(files)) {
    report(`model ${model}: ${(bytes.byteLength / 1e6).toFixed(1)} MB`)
    const { sha256 } = await store(cacheDir, bytes)
    index[model] = { sha256, bytes: bytes.byteLength }
  }
  await writeWhole(indexFile, new TextEncoder().encode(JSON.stringify(index, null, 2)))
  return withFiles(index, cacheDir)
}

function withFiles(index: Index, cacheDir: string): Record<string, PreparedModel> {
  return Object.fromEntries(
    Object.entries(index).map(([model, entry]) => [
      model,
      { ...entry, file: fileOf(cacheDir, entry.sha256) },
    ]),
  )
}

const EXPORTS: { [name in keyof ModelRecipe]: (value: unknown) => boolean } = {
  recipeVersion: (value) => typeof value === 'number',
  sources: Array.isArray,
  modelNames: Array.isArray,
  deriveModels: (value) => typeof value === 'function',
}

/** @throws PipelineError where it does not export what a recipe is */
function recipeIn(module: { [name: string]: unknown }, path: string): ModelRecipe {
  const lacking = Object.entries(EXPORTS).filter(([name, fits]) => !fits(module[name]))
  if (lacking.length === 0) return module as unknown as ModelRecipe
  const names = lacking.map(([name]) => name).join(', ')
  throw new PipelineError(path, '', `must export ${names}: see docs/PIPELINES.md, Models`)
}

async function keyOf(recipe: ModelRecipe, files: readonly Uint8Array[]): Promise<string> {
  const hashes = await Promise.all(files.map(sha256Of))
  const text = JSON.stringify([recipe.recipeVersion, recipe.modelNames, hashes])
  return (await sha256Of(new TextEncoder().encode(text))).slice(0, 32)
}

async function readIndex(file: string, names: readonly string[]): Promise<Index | undefined> {
  try {
    const index = JSON.parse(await Deno.readTextFile(file)) as Index
    const good = names.every((name) => /^[0-9a-f]{64}$/.test(index[name]?.sha256 ?? ''))
    return good ? index : undefined
  } catch {
    // Absent or cut: as good as absent.
    return undefined
  }
}
