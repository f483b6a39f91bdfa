/**
 * What a variant can run on, by its precision and by what its author says: half precision needs a GPU
 * that computes with it, eight-bit integers need a processor (WebGPU has no operators for them), a
 * program of the author's needs a volunteer who allows it.
 *
 * @module
 */
import type { Pipeline, Task, Variant } from './schema.ts'

/** What a node runs on. */
export interface Device {
  /** `wasm` where absent. */
  backend?: string | undefined
  /** Of the GPU, where there is one. */
  device?: { shaderF16: boolean } | null | undefined
  /** Whether programs of pipelines' authors may run; not unless that is said. */
  code?: boolean | undefined
}

export interface Demands extends Pick<Variant, 'precision' | 'backends'> {
  /** A program of the pipeline's author does it. */
  code?: boolean
}

/** Kind of a task that a program of the pipeline's author does. */
export const CODE = 'code'

/** Why a variant does not run there, for people; nothing where it does. */
export function whyNotOn({ precision, backends, code }: Demands, on: Device): string | undefined {
  const { backend = 'wasm', device } = on
  if (code === true && on.code !== true) {
    return "it is a program of the pipeline's author, and this node runs none: start it with " +
      '--code if it is to'
  }
  if (backends !== undefined && !backends.some((one) => one === backend)) {
    return `it runs on ${backends.join(' or ')} only, and this node runs on ${backend}`
  }
  if (precision === 'int8' && backend === 'webgpu') {
    return 'it is of eight-bit integers, which run on processors only'
  }
  if (precision !== 'fp16') return undefined
  if (backend !== 'webgpu') return 'it is of half precision, which runs on GPUs only'
  return device?.shaderF16 === true
    ? undefined
    : 'it is of half precision, and this GPU has no shader-f16'
}

const demandsOf = ({ kind, variants }: Task): Demands[] =>
  Object.values(variants).map(({ precision, backends }) => ({
    precision,
    backends,
    code: kind === CODE,
  }))

/** How many variants of what is served run there. */
export const countOn = (pipelines: readonly Pipeline[], on: Device): number =>
  pipelines.flatMap(({ tasks }) => Object.values(tasks).flatMap(demandsOf))
    .filter((demands) => whyNotOn(demands, on) === undefined).length

/** The first task of which nothing runs on any of them, and why, for people. */
export function taskOnNone(
  pipelines: readonly Pipeline[],
  devices: readonly Device[],
): string | undefined {
  for (const { name, tasks } of pipelines) {
    for (const [task, own] of Object.entries(tasks)) {
      const why = devices.flatMap((on) => demandsOf(own).map((demands) => whyNotOn(demands, on)))
      if (why.length > 0 && !why.includes(undefined)) return `${name}/${task}: ${why[0]}`
    }
  }
  return undefined
}
