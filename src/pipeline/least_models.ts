/**
 * Models that are served, and the least of them that make a device of use. Apart from what a device can
 * hold: the page that joins asks for this alone, and is small.
 *
 * @module
 */
import type { Demands } from './runs_on.ts'

export interface ModelFile {
  sha256: string
  bytes: number
}

/** A variant with its model's file, where it has one. */
export interface ServedVariant extends Demands {
  pipeline: string
  task: string
  variant: string
  accuracy: number
  model: ModelFile | undefined
}

/** Whether all models may be downloaded, or of each task only the smallest. */
export type Downloads = 'all' | 'least'

/** The models to have if there is to be one for each task: the smallest, of equals the best. */
export function leastModels(served: readonly ServedVariant[]): Map<string, ModelFile> {
  const best = new Map<string, { accuracy: number; model: ModelFile }>()
  for (const { pipeline, task, accuracy, model } of served) {
    if (model === undefined) continue
    const known = best.get(`${pipeline} ${task}`)
    const better = known === undefined || model.bytes < known.model.bytes ||
      (model.bytes === known.model.bytes && accuracy > known.accuracy)
    if (better) best.set(`${pipeline} ${task}`, { accuracy, model })
  }
  return new Map([...best.values()].map(({ model }) => [model.sha256, model]))
}
