/**
 * What a stage does for an item beside its model (decoding, resizing, boxes, crops), as a sample of
 * one shows: with quick models that is most of what a batch takes.
 *
 * @module
 */
import type { ItemResult, Model, Stage, StageContext } from '../../stages/types.ts'

export interface Beside {
  /** Runs the stage on its sample, the first few times; the least so far, if there is one. */
  sample(): Promise<number | undefined>
}

/** Code being compiled, and a machine's moments: the best of so many, */
const SAMPLES = 3
/** or of two where they take longer: in the first a codec may be loaded, on a machine that is busy. */
const LONG_MS = 200

export function createBeside(stage: Stage, context: StageContext, nowMs: () => number): Beside {
  const { inputNames, outputNames } = context.model
  let left = stage.sample === undefined ? 0 : SAMPLES
  let leastMs: number | undefined

  return {
    async sample() {
      if (left === 0) return leastMs
      const isFirst = left-- === SAMPLES
      let inModelMs = 0
      const model: Model = {
        inputNames,
        outputNames,
        async run(feeds, exact) {
          const fromMs = nowMs()
          const outputs = await context.model.run(feeds, exact)
          inModelMs += nowMs() - fromMs
          return outputs
        },
      }
      const fromMs = nowMs()
      let result: ItemResult | undefined
      try {
        result = (await stage.run([stage.sample!(context)], { ...context, model }))[0]
      } catch {
        // One that cannot be used tells nothing, and is no fault of the variant.
      }
      const tookMs = nowMs() - fromMs
      if (result?.ok !== true || (tookMs > LONG_MS && !isFirst)) left = 0
      // Runs that are asked for at once wait for each other, and are counted as long as they wait.
      const besideMs = Math.max(0, tookMs - inModelMs)
      if (result?.ok === true) leastMs = Math.min(besideMs, leastMs ?? Infinity)
      return leastMs
    },
  }
}
