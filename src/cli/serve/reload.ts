/**
 * Pipelines read anew while they serve.
 *
 * @module
 */
import type { Reloaded } from '../../coordinator/apis/v1/admin_routes.ts'
import { ApiError } from '../../coordinator/core/api_error.ts'
import type { Log } from '../../coordinator/core/log.ts'
import type { Pool } from '../../coordinator/pool/pool.ts'
import { RenewalError } from '../../coordinator/pool/renewal.ts'
import { PipelineError } from '../../pipeline/error.ts'
import { asVersion, versionOf } from '../../pipeline/version.ts'
import { StorageError } from '../pipelines/content_store.ts'
import { type LoadedPipeline, loadPipeline } from '../pipelines/load.ts'
import { modelsFault } from '../pipelines/models_fault.ts'

export interface ReloaderParts {
  pool: Pool
  log: Log
  /** What was read at the start. */
  pipelines: readonly LoadedPipeline[]
  /** Whether the rules in force follow what is served while it changes. */
  renews: boolean
  policy: string
  /** Its models are to be had from now on. */
  loaded(pipeline: LoadedPipeline): void
}

/** One reload at a time: a second one waits, and then reads what is there by then. */
export function createReloader(parts: ReloaderParts): (name: string) => Promise<Reloaded> {
  const { pool, log } = parts
  const folders = new Map(parts.pipelines.map((one) => [one.pipeline.name, one]))
  /** A version that nobody could serve keeps its number: what nodes still say of it is of it. */
  const tried = new Map<string, number>()
  let last: Promise<unknown> = Promise.resolve()

  const refuse = (name: string, why: string): never => {
    log(`${name} serves on as it was: ${why}`, 'warn', { event: 'reload_refused', pipeline: name })
    throw new ApiError('invalid_input', why)
  }

  /** What the folder's own program threw, too, is told to whoever asked; the log has the way to it. */
  const cannotLoad = (name: string) => (error: Error): never => {
    if (error instanceof PipelineError) return refuse(name, error.message)
    log(`${name} serves on as it was: ${modelsFault(error)}`, 'warn', {
      event: 'reload_refused',
      pipeline: name,
    })
    if (error instanceof StorageError) throw new ApiError('internal', error.message)
    throw new ApiError('invalid_input', `Cannot load ${name}: ${error.message}`)
  }

  async function reload(name: string): Promise<Reloaded> {
    const before = folders.get(name)
    const old = pool.versions.find(name)
    if (before === undefined || old === undefined) {
      throw new ApiError('unknown_pipeline', `Cannot reload ${name}: it is not served`)
    }
    const version = versionOf(old.pipeline.name)
    if (!parts.renews) {
      return refuse(
        name,
        `Cannot reload ${name}: the rules ${parts.policy} plan for what there ` +
          'was at the start; --policy shoal follows',
      )
    }
    const next = await loadPipeline(before.dir, (line) => log(line)).catch(cannotLoad(name))
    if (next.pipeline.name !== name) {
      return refuse(name, `Cannot reload ${name}: its file now says name ${next.pipeline.name}`)
    }
    if (contentOf(next) === contentOf(before)) return { pipeline: name, version, changed: false }
    parts.loaded(next)
    const number = Math.max(version, tried.get(name) ?? 0) + 1
    tried.set(name, number)
    const served = { ...next, pipeline: asVersion(next.pipeline, number) }
    log(`${name}: version ${number} is loaded beside ${version}`, 'info', {
      event: 'reload',
      pipeline: name,
      version: number,
    })
    await pool.renew(served, old).catch((error) =>
      error instanceof RenewalError
        ? refuse(name, `Cannot serve the new version of ${name}: ${error.message}`)
        : Promise.reject(error)
    )
    folders.set(name, next)
    log(`${name}: version ${number} serves`, 'info', {
      event: 'reloaded',
      pipeline: name,
      version: number,
    })
    return { pipeline: name, version: number, changed: true }
  }

  return (name) => {
    const next = last.then(() => reload(name))
    last = next.catch(() => {})
    return next
  }
}

/** All that a version consists of. */
function contentOf({ pipeline, models }: LoadedPipeline): string {
  const hashes = Object.entries(models).map(([name, { sha256 }]) => [name, sha256]).sort()
  return JSON.stringify([pipeline, hashes])
}
