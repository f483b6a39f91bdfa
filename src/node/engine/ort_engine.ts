/**
 * The engine on ONNX Runtime: one session for each model hash, counted by who holds it.
 *
 * @module
 */
import { EngineError } from './answer.ts'
import { type Adapter, readAdapter } from './adapter.ts'
import { type Engine, type EngineAssets, type EngineUse, PLAIN_USE } from './engine.ts'
import { startOrt } from './ort.ts'
import { createOrtModel, type OwnedModel } from './ort_model.ts'

interface Session {
  model: Promise<OwnedModel>
  holds: number
}

/** Where the runtime keeps the GPU device, made with the first session. */
interface GpuEnv {
  webgpu?: { device?: Promise<{ lost: Promise<{ message?: string; reason?: string }> }> }
}

/** An engine for this realm. */
export function createOrtEngine(assets?: EngineAssets, use: EngineUse = PLAIN_USE): Engine {
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

  async function create(bytes: Uint8Array): Promise<OwnedModel> {
    // No tensor of a model is larger than the file; one that just fits may be refused, too.
    if (device !== undefined && bytes.byteLength > device.maxBufferSize) {
      throw new EngineError(
        'load_failed',
        `Cannot load a model of ${bytes.byteLength} bytes: ` +
          `the GPU holds at most ${device.maxBufferSize} in one buffer`,
      )
    }
    const model = await createOrtModel(bytes, assets, use)
    if (onGpu) await watchDevice()
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
        device = await readAdapter()
        if (device === undefined) throw new EngineError('init_failed', 'There is no WebGPU adapter')
      }
      await startOrt(assets, use)
    },
    lost: () => lost,
    has: (hash) => sessions.has(hash),

    async acquire(hash, bytes) {
      let session = sessions.get(hash)
      if (session === undefined) {
        if (bytes === undefined) {
          throw new EngineError('load_failed', `Cannot load model ${hash}: its bytes are not here`)
        }
        session = { model: create(bytes), holds: 0 }
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
