/**
 * A decision between backends, kept between starts: true for one device, one build, these models.
 *
 * @module
 */
import { type Adapter, adapterName } from '../engine/adapter.ts'
import type { Backend, EngineAssets } from '../engine/engine.ts'
import { ORT_VERSION } from '../engine/ort.ts'
import type { NodeStorage } from '../host.ts'

export interface Decision {
  backend: Backend
  /** What it was found out on: hashes of the models. */
  models: string
  /** One sentence. */
  reason: string
}

export interface BackendMemory {
  /** What was decided for this device and build. */
  recall(adapter: Adapter): Promise<Decision | undefined>
  keep(adapter: Adapter, decision: Decision): Promise<void>
}

const KEY = 'backend'

export function createBackendMemory(storage: NodeStorage, assets: EngineAssets): BackendMemory {
  const build = assets.ort?.webgpu?.wasm ?? ORT_VERSION
  const deviceOf = (adapter: Adapter) =>
    [adapterName(adapter), adapter.vendor, adapter.architecture, adapter.maxBufferSize].join('|')
  return {
    async recall(adapter) {
      try {
        const kept = JSON.parse(await storage.get(KEY) ?? '')
        const fits = kept.device === deviceOf(adapter) && kept.build === fileOf(build) &&
          ['wasm', 'webgpu'].includes(kept.backend) &&
          [kept.models, kept.reason].every((text) => typeof text === 'string')
        return fits ? kept : undefined
      } catch {
        return undefined
      }
    },
    keep: (adapter, decision) =>
      storage.set(
        KEY,
        JSON.stringify({ device: deviceOf(adapter), build: fileOf(build), ...decision }),
      ),
  }
}

/** The name has a hash in it; the address of the coordinator says nothing of the build. */
const fileOf = (url: string) => url.split('/').at(-1)
