/**
 * Programs of pipelines' authors, for tasks of kind `code`.
 *
 * @module
 */
import type { Stage } from '../../stages/types.ts'
import { EngineError } from './answer.ts'

export interface StageCode {
  /** SHA-256 of the bytes. */
  hash: string
  /** Verified; set once they were fetched. */
  bytes?: Uint8Array
}

/**
 * @param base URL that `HASH.js` is appended to, where programs run from there alone (a browser under
 *   the coordinator's content policy); elsewhere they run from the bytes
 * @throws EngineError `load_failed`
 */
export async function loadCode({ hash, bytes }: StageCode, base?: string): Promise<Stage> {
  if (bytes === undefined) throw new EngineError('load_failed', 'Cannot load code: it is not here')
  const url = base === undefined
    ? URL.createObjectURL(new Blob([bytes.slice()], { type: 'text/javascript' }))
    : `${base}${hash}.js`
  try {
    const { default: stage } = await import(url) as { default?: Partial<Stage> }
    if (typeof stage?.run !== 'function') {
      throw new TypeError('its default export has no function run')
    }
    return { ...stage, run: stage.run.bind(stage), warmUp: stage.warmUp?.bind(stage) ?? (() => []) }
  } catch (error) {
    throw new EngineError('load_failed', `Cannot load code: ${(error as Error).message}`, {
      cause: error,
    })
  } finally {
    if (base === undefined) URL.revokeObjectURL(url)
  }
}
