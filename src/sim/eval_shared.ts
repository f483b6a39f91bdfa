/**
 * A pool that two pipelines share: the paper's traffic analysis, and its social media pipeline (an
 * object detector and a captioner for each picture) with an SLO six times as long. The published
 * latencies of the captioner leave no time for 250 ms: the best takes 695 ms for one picture.
 *
 * @module
 */
import { evalScenario, latenciesOf, variantsOf } from './eval.ts'
import type { EvalData, EvalOptions } from './eval_data.ts'

const SOURCE = 'source'
const DETECT = 'object_detection'
const CAPTION = 'image_captioning'
const SLO_MS = 1500

export interface SharedOptions extends EvalOptions {
  /** Queries a second of social media, all the time. */
  socialPerS: number
}

/** @returns JSON of `shoal-scenario/1` with two workloads, the demand of traffic analysis as in `evalScenario` */
export function sharedScenario(data: EvalData, { socialPerS, ...options }: SharedOptions) {
  const { pipeline, trace, classes, ...rest } = evalScenario(data, options)
  const { profiles } = data
  const accuracies = options.accuracies ?? 'corrected'
  const one = () => ({ [DETECT]: 1, [CAPTION]: 1 })
  const social = {
    schema: 'shoal-pipeline/1',
    name: 'social_media',
    sloMs: SLO_MS,
    root: SOURCE,
    tasks: {
      [SOURCE]: {
        next: [DETECT, CAPTION],
        variants: variantsOf(profiles, SOURCE, accuracies, one),
      },
      [DETECT]: { next: [], variants: variantsOf(profiles, DETECT, accuracies) },
      [CAPTION]: { next: [], variants: variantsOf(profiles, CAPTION, accuracies) },
    },
  }
  return {
    ...rest,
    workloads: [
      { pipeline, trace },
      { pipeline: social, trace: { ...trace, rates: trace.rates.map(() => socialPerS) } },
    ],
    classes: Object.fromEntries(
      Object.entries(classes).map(([name, given]) => [name, {
        ...given,
        latencyMs: {
          ...given.latencyMs,
          ...latenciesOf(profiles, 'simulator', name, [SOURCE, CAPTION]),
        },
      }]),
    ),
  }
}
