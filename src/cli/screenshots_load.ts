/**
 * People who ask a pool while pictures of it are taken: each again as soon as they are answered, a
 * few more of them every now and then.
 *
 * @module
 */
import { SAMPLE_PAGE } from './serve/serving.ts'

const MANY = 2
/** The second of them comes and goes: some waves for the charts. */
const WAVE_MS = 60_000
/** Nodes, a browser and the coordinator share what may be one processor or two. */
const TIMEOUT_MS = '10000'

export interface Askers {
  readonly answered: number
  end(): Promise<void>
}

export function keepAsking(url: string): Askers {
  const over = new AbortController()
  const startMs = performance.now()
  let answered = 0
  const pause = (ms: number) =>
    new Promise<void>((done) => {
      const timer = setTimeout(end, ms)
      function end() {
        clearTimeout(timer)
        over.signal.removeEventListener('abort', end)
        done()
      }
      over.signal.addEventListener('abort', end)
    })
  const wanted = () =>
    1 +
    Math.round((MANY - 1) * Math.abs(Math.sin(Math.PI * (performance.now() - startMs) / WAVE_MS)))

  async function person(index: number, body: Uint8Array<ArrayBuffer>): Promise<void> {
    while (!over.signal.aborted) {
      if (index >= wanted()) {
        await pause(200)
        continue
      }
      const response = await fetch(`${url}/v1/pipelines/ocr/infer`, {
        method: 'POST',
        headers: { 'content-type': 'image/jpeg', 'x-request-timeout-ms': TIMEOUT_MS },
        body,
      })
      await response.body?.cancel()
      if (response.ok) answered++
      await pause(1000 * (Number(response.headers.get('retry-after') ?? 0) + 0.5))
    }
  }

  const all = Deno.readFile(SAMPLE_PAGE).then((body) =>
    Promise.all(Array.from({ length: MANY }, (_, index) => person(index, body)))
  )
  return {
    get answered() {
      return answered
    },
    async end() {
      over.abort()
      await all
    },
  }
}
