/**
 * Versions of pipelines: the current ones, and older ones with queries under way. A query is
 * answered wholly by the version that it began with.
 *
 * @module
 */
import { CODE } from '../../pipeline/runs_on.ts'
import type { Pipeline } from '../../pipeline/schema.ts'
import { publicName } from '../../pipeline/version.ts'
import { ApiError } from '../core/api_error.ts'
import type { ServedModel, ServedPipeline } from '../nodes/served.ts'

export interface Versions {
  /** The version of each pipeline that new queries go to. */
  current(): ServedPipeline[]
  /** Current versions, and those on their way in or out, oldest first. */
  all(): ServedPipeline[]
  /** @param name as applications know it */
  find(name: string): ServedPipeline | undefined
  /**
   * Does work with the current version of a pipeline, which stays until the work is done.
   *
   * @throws ApiError `unknown_pipeline`
   */
  serve<T>(name: string, work: (pipeline: Pipeline) => Promise<T>): Promise<T>
  /**
   * The current version of a pipeline, which stays until it is left as often as it was entered.
   *
   * @throws ApiError `unknown_pipeline`
   */
  enter(name: string): ServedPipeline
  leave(one: ServedPipeline): void
  model(sha256: string): ServedModel | undefined
  /** A file that is a program, and no model. */
  program(sha256: string): ServedModel | undefined
  /** Adds a version that no query goes to yet. */
  add(one: ServedPipeline): void
  /** Has new queries of its name go to this version. */
  follow(one: ServedPipeline): void
  remove(one: ServedPipeline): void
  /** Resolves once no work that began with this version is under way. */
  left(one: ServedPipeline): Promise<void>
}

export function createVersions(served: readonly ServedPipeline[]): Versions {
  const all = [...served]
  const current = new Map(served.map((one) => [publicName(one.pipeline.name), one]))
  const open = new Map<ServedPipeline, number>()
  const waiting = new Map<ServedPipeline, () => void>()

  function enter(name: string): ServedPipeline {
    const one = current.get(name)
    if (one === undefined) {
      const names = [...current.keys()].join(', ')
      throw new ApiError('unknown_pipeline', `Cannot find pipeline ${name}: served are ${names}`)
    }
    open.set(one, (open.get(one) ?? 0) + 1)
    return one
  }

  function leave(one: ServedPipeline): void {
    const rest = open.get(one)! - 1
    open.set(one, rest)
    if (rest === 0) waiting.get(one)?.()
  }

  return {
    enter,
    leave,
    current: () => [...current.values()],
    all: () => [...all],
    find: (name) => current.get(name),
    async serve(name, work) {
      const one = enter(name)
      try {
        return await work(one.pipeline)
      } finally {
        leave(one)
      }
    },
    model(sha256) {
      for (const { models } of all) {
        for (const model of Object.values(models)) if (model.sha256 === sha256) return model
      }
      return undefined
    },
    program(sha256) {
      for (const { pipeline, models } of all) {
        for (const { kind, stage } of Object.values(pipeline.tasks)) {
          const found = kind === CODE ? models[String(stage)] : undefined
          if (found?.sha256 === sha256) return found
        }
      }
      return undefined
    },
    add: (one) => void all.push(one),
    follow: (one) => void current.set(publicName(one.pipeline.name), one),
    remove(one) {
      all.splice(all.indexOf(one), 1)
      open.delete(one)
      waiting.delete(one)
    },
    left: (one) =>
      new Promise((resolve) => {
        if ((open.get(one) ?? 0) === 0) resolve()
        else waiting.set(one, resolve)
      }),
  }
}
