/**
 * The model of a variant, its way here told to whoever watches.
 *
 * @module
 */
import type { NodeMessage } from '../../protocol/messages.ts'
import type { Clock } from '../clock.ts'
import type { InstanceSpec } from '../engine/worker_api.ts'
import type { Watch } from '../state.ts'
import type { Catalog } from './catalog.ts'
import type { ModelStore } from './models.ts'

export interface ModelFetcherOptions {
  clock: Clock
  watch: Watch
  /** Asked at each fetch: none of them is there before the node starts or joins. */
  models(): ModelStore | undefined
  catalog(): Catalog | undefined
  modelBase(): string
  send(message: NodeMessage): void
}

const PROGRESS_EVERY_MS = 500

export function createModelFetcher(
  options: ModelFetcherOptions,
): (spec: InstanceSpec) => Promise<Uint8Array> {
  const { clock, watch, send } = options
  return ({ hash, key }) => {
    const known = options.catalog()?.model(hash)
    const models = options.models()
    if (known === undefined || models === undefined) {
      return Promise.reject(new RangeError(`No model ${hash} for ${key}`))
    }
    const startMs = clock.nowMs()
    let toldMs = startMs
    let shown = false
    const tell = (done: number, total: number) => {
      toldMs = clock.nowMs()
      shown = done < total
      const progress = { label: known.label, done, total }
      send({ type: 'report', progress })
      watch.emit({ type: 'progress', ...progress, elapsedMs: toldMs - startMs })
    }
    return models.get(known.ref, options.modelBase(), (done, total) => {
      if (clock.nowMs() - toldMs >= PROGRESS_EVERY_MS || done >= total) tell(done, total)
    }).finally(() => {
      // It failed half way: whoever watches would take it to be on its way for ever.
      if (shown) tell(0, 0)
    })
  }
}
