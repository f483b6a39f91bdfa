/**
 * The WebAssembly engine: one session for each model hash, counted by who holds it.
 *
 * @module
 */
import { EngineError } from './answer.ts'
import type { Engine, EngineAssets } from './engine.ts'
import { startOrt } from './ort.ts'
import { createOrtModel, type OwnedModel } from './ort_model.ts'

interface Session {
  model: Promise<OwnedModel>
  holds: number
}

/** An engine for this realm. */
export function createOrtEngine(assets?: EngineAssets): Engine {
  const sessions = new Map<string, Session>()
  return {
    backend: 'wasm',
    compilesShapes: false,
    async start() {
      await startOrt(assets)
    },
    has: (hash) => sessions.has(hash),

    async acquire(hash, bytes) {
      let session = sessions.get(hash)
      if (session === undefined) {
        if (bytes === undefined) {
          throw new EngineError('load_failed', `Cannot load model ${hash}: its bytes are not here`)
        }
        session = { model: createOrtModel(bytes, assets), holds: 0 }
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
