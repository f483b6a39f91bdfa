/**
 * Models of OpenAI's API: pipelines that generate, and their variants that a call can choose.
 *
 * @module
 */
import type { VariantRuling } from '../../../client/types.ts'
import { pathAccuracyOf } from '../../../pipeline/accuracy.ts'
import { generatingTask } from '../../../pipeline/generate.ts'
import type { Pipeline } from '../../../pipeline/schema.ts'
import { variantPaths } from '../../../pipeline/tree.ts'
import { publicName } from '../../../pipeline/version.ts'
import { ApiError } from '../../core/api_error.ts'

/** Separates a pipeline from its variant: no name has this character. */
const MARK = ':'

export interface Pin {
  /** Least path accuracy, which no path of another variant has; absent for the only variant. */
  floor?: number
}

/** @returns names of the pipeline and, where the model has one, of the variant */
export function splitModel(model: string): { name: string; variant?: string } {
  const at = model.indexOf(MARK)
  return at < 0 ? { name: model } : { name: model.slice(0, at), variant: model.slice(at + 1) }
}

/**
 * How a call chooses one variant of the task that generates: by a least accuracy, since queries
 * name no variants. Undefined where no accuracy selects the variant alone.
 */
export function pinOf(
  pipeline: Pipeline,
  variant: string,
  rulings: readonly VariantRuling[],
): Pin | undefined {
  const task = generatingTask(pipeline)!
  const own = rulings.filter((one) =>
    one.pipeline === publicName(pipeline.name) && one.task === task
  )
  const is = (name: string, ruling: string) =>
    own.some((one) => one.variant === name && one.ruling === ruling)
  const isPinned = own.some(({ ruling }) => ruling === 'pinned')
  const serves = (name: string) => isPinned ? is(name, 'pinned') : !is(name, 'forbidden')
  if (!serves(variant)) return undefined
  const accuracyOf = pathAccuracyOf(pipeline)
  const paths = variantPaths(pipeline).flatMap(({ tasks, variants }) => {
    const at = tasks.indexOf(task)
    const name = variants[at]
    if (name === undefined || !serves(name)) return []
    return [{ name, accuracy: accuracyOf(tasks, variants) }]
  })
  const others = paths.filter(({ name }) => name !== variant).map(({ accuracy }) => accuracy)
  if (others.length === 0) return {}
  const best = Math.max(...others)
  const above = paths.filter(({ name, accuracy }) => name === variant && accuracy > best)
  return above.length === 0
    ? undefined
    : { floor: Math.min(...above.map(({ accuracy }) => accuracy)) }
}

/** Ids of models that calls can name. */
export function modelsOf(pipeline: Pipeline, rulings: readonly VariantRuling[]): string[] {
  const task = generatingTask(pipeline)
  if (task === undefined) return []
  const name = publicName(pipeline.name)
  const pinned = Object.keys(pipeline.tasks[task]!.variants)
    .filter((variant) => pinOf(pipeline, variant, rulings) !== undefined)
  return [name, ...pinned.map((variant) => `${name}${MARK}${variant}`)]
}

/** @throws ApiError where a call cannot choose that variant */
export function checkedPin(
  pipeline: Pipeline,
  variant: string,
  rulings: readonly VariantRuling[],
): Pin {
  const name = publicName(pipeline.name)
  const task = generatingTask(pipeline)!
  const { variants } = pipeline.tasks[task]!
  if (!Object.hasOwn(variants, variant)) {
    const names = Object.keys(variants).join(', ')
    const message = `Cannot find model ${name}${MARK}${variant.slice(0, 100)}: ${name} has ${names}`
    throw new ApiError('unknown_pipeline', message)
  }
  const pin = pinOf(pipeline, variant, rulings)
  if (pin !== undefined) return pin
  throw new ApiError(
    'invalid_input',
    `Cannot keep to ${name}${MARK}${variant}: better variants may serve a call, too, unless an ` +
      `admin pins it: ask for ${modelsOf(pipeline, rulings).join(' or ')}`,
    undefined,
    'model',
  )
}
