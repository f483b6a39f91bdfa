/**
 * One download with progress.
 *
 * @module
 */

import type { Clock } from '../clock.ts'

/** A download that gives no byte for this long is given up. */
const STALL_MS = 30_000

/** Told after each chunk; `total` is what is expected, `done` what has come. */
export type OnProgress = (done: number, total: number) => void

/** Why a download came to nothing; `permanent` where another try cannot help. */
export class DownloadError extends Error {
  override name = 'DownloadError'
  constructor(message: string, readonly permanent: boolean, options?: ErrorOptions) {
    super(message, options)
  }
}

/**
 * Reads a whole body of known size.
 *
 * @param expectedBytes more than this is refused while it comes
 * @throws DownloadError
 */
export async function download(
  fetchUrl: typeof fetch,
  clock: Clock,
  url: string,
  expectedBytes: number,
  onProgress: OnProgress,
): Promise<Uint8Array<ArrayBuffer>> {
  const stalled = new AbortController()
  const watch = () =>
    clock.after(STALL_MS, () => stalled.abort(new Error(`no byte came for ${STALL_MS} ms`)))
  let unwatch = watch()
  try {
    return await readBody(await fetchUrl(url, { signal: stalled.signal }), (done) => {
      unwatch()
      unwatch = watch()
      onProgress(done, expectedBytes)
    })
  } catch (error) {
    if (error instanceof DownloadError) throw error
    throw new DownloadError(`Cannot get ${url}: ${error}`, false, { cause: error })
  } finally {
    unwatch()
  }

  async function readBody(response: Response, onChunk: (done: number) => void) {
    if (!response.ok || response.body === null) {
      await response.body?.cancel()
      const gone = response.status >= 400 && response.status < 500 && response.status !== 429
      throw new DownloadError(`Cannot get ${url}: status ${response.status}`, gone)
    }
    const bytes = new Uint8Array(expectedBytes)
    let done = 0
    // Not all browsers can iterate a stream (WebKit).
    const reader = response.body.getReader()
    try {
      for (;;) {
        const { value: chunk, done: ended } = await reader.read()
        if (ended) break
        if (done + chunk.byteLength > expectedBytes) {
          throw new DownloadError(`Cannot take ${url}: over ${expectedBytes} bytes`, false)
        }
        bytes.set(chunk, done)
        done += chunk.byteLength
        onChunk(done)
      }
    } finally {
      await reader.cancel().catch(() => {})
    }
    if (done !== expectedBytes) {
      throw new DownloadError(`Cannot take ${url}: ${done} of ${expectedBytes} bytes came`, false)
    }
    return bytes
  }
}
