/**
 * The engine on ONNX Runtime: one session for each model hash, counted by who holds it.
 *
 * @module
 */
import { EngineError } from './answer.ts'
import { type Adapter, readAdapter } from './adapter.ts'
import {
  type Backend,
  type Engine,
  type EngineAssets,
  type EngineUse,
  PLAIN_USE,
} from './engine.ts'
import { startOrt } from './ort.ts'
import { readModelFacts, whyNotOnGpu } from './model_facts.ts'
import { createOrtModel, type OwnedModel } from './ort_model.ts'

interface Session {
  model: Promise<OwnedModel>
  holds: number
  /** As {@linkcode Engine.fallback} has it. */
  fallback: string | undefined
}

/** Where the runtime keeps the GPU device, made with the first session. */
interface GpuEnv {
  webgpu?: { device?: Promise<{ lost: Promise<{ message?: string; reason?: string }> }> }
}

/**
 * An engine for this realm.
 *
 * @param findDevice the GPU's description, which says what models it can take
 */
export function createOrtEngine(
  assets?: EngineAssets,
  use: EngineUse = PLAIN_USE,
  findDevice: () => Promise<Adapter | undefined> = readAdapter,
): Engine {
  const onGpu = use.backend === 'webgpu'
  const sessions = new Map<string, Session>()
  let device: Adapter | undefined
  let watched = false
  let onLost = (_reason: string) => {}
  const lost = new Promise<string>((resolve) => onLost = resolve)

  /** The device comes with the first session and serves all of them. */
  async function watchDevice(): Promise<void> {
    const { env } = await startOrt(assets, use)
    const made = await (env as GpuEnv).webgpu?.device
    if (watched || made === undefined) return
    watched = true
    made.lost.then(({ reason, message }) => onLost(message || reason || 'no reason given'))
  }

  async function create(bytes: Uint8Array, provider: Backend): Promise<OwnedModel> {
    const model = await createOrtModel(bytes, assets, use, provider)
    // No device is made for what runs beside it.
    if (provider === 'webgpu') await watchDevice()
    return model
  }

  return {
    backend: use.backend,
    compilesShapes: onGpu,
    get device() {
      return device
    },
    async start() {
      if (onGpu) {
        device = await findDevice()
        if (device === undefined) throw new EngineError('init_failed', 'There is no WebGPU adapter')
      }
      await startOrt(assets, use)
    },
    lost: () => lost,
    fallback: (hash) => sessions.get(hash)?.fallback,
    has: (hash) => sessions.has(hash),

    async acquire(hash, bytes) {
      let session = sessions.get(hash)
      if (session === undefined) {
        if (bytes === undefined) {
          throw new EngineError('load_failed', `Cannot load model ${hash}: its bytes are not here`)
        }
        const fallback = device && whyNotOnGpu(readModelFacts(bytes), device)
        const provider = fallback === undefined ? use.backend : 'wasm'
        session = { model: create(bytes, provider), holds: 0, fallback }
        sessions.set(hash, session)
      }
      session.holds++
      try {
        return await session.model
      } catch (error) {
        sessions.delete(hash)
        throw error
      }
    },

    async release(hash) {
      const session = sessions.get(hash)
      if (session === undefined || --session.holds > 0) return
      sessions.delete(hash)
      await (await session.model).release()
    },
  }
}
