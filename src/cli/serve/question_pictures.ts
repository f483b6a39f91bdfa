/**
 * Pictures to ask nodes about while nothing is known of traffic: made of samples, each anew, as
 * whatever a client sends. A node that knows the samples does not know them by their bytes.
 *
 * @module
 */
import { pictureOf } from '../../coordinator/http/inputs/picture.ts'
import type { Payload } from '../../coordinator/nodes/payload.ts'
import type { QuestionReply, QuestionRequest } from './question_worker.ts'

/** Made ahead for each pipeline; the first of a pipeline are wanted at once, by all its variants. */
const STOCK = 4
/** To make one takes about a second. */
const GIVE_UP_MS = 30_000

export interface QuestionPictures {
  /** One that was never given before; undefined while it is being made, or where there is no sample. */
  next(pipeline: string): Payload | undefined
  stop(): void
}

/** @param samples of each pipeline */
export function createQuestionPictures(
  samples: ReadonlyMap<string, readonly Payload[]>,
  random: () => number,
): QuestionPictures {
  const ready = new Map<string, Payload[]>()
  let isMaking = false
  const over = new AbortController()

  const isWanted = ([pipeline, made]: [string, Payload[]]) =>
    made.length < STOCK && (samples.get(pipeline)?.length ?? 0) > 0

  /** Until there are enough; the worker is for that long. */
  async function fill(): Promise<void> {
    isMaking = true
    const worker = new Worker(new URL('./question_worker.ts', import.meta.url), { type: 'module' })
    try {
      for (;;) {
        const [pipeline, made] = [...ready].find(isWanted) ?? []
        if (pipeline === undefined || made === undefined) return
        const own = samples.get(pipeline)!
        const sample = own[Math.floor(random() * own.length)]!
        made.push(pictureOf(await make(worker, sample, over.signal)))
      }
    } finally {
      worker.terminate()
      isMaking = false
    }
  }

  return {
    next(pipeline) {
      const made = ready.get(pipeline) ?? []
      ready.set(pipeline, made)
      const one = made.shift()
      // What went wrong this time is tried anew when one is wanted again.
      if (!isMaking && !over.signal.aborted && [...ready].some(isWanted)) fill().catch(() => {})
      return one
    },
    stop: () => over.abort(),
  }
}

/** @throws where the worker dies, does not answer in time, or is no longer wanted */
async function make(
  worker: Worker,
  { meta, bytes }: Payload,
  over: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const answer = Promise.withResolvers<QuestionReply>()
  const giveUp = () => answer.reject(new Error('Cannot make a picture: it took too long'))
  const timer = setTimeout(giveUp, GIVE_UP_MS)
  over.addEventListener('abort', giveUp)
  worker.onmessage = ({ data }) => answer.resolve(data)
  worker.onerror = (event) => {
    event.preventDefault()
    answer.reject(new Error(`Cannot make a picture: its worker died: ${event.message}`))
  }
  try {
    worker.postMessage({ type: meta['type'] as QuestionRequest['type'], bytes })
    const reply = await answer.promise
    if ('fault' in reply) throw new Error(reply.fault)
    return reply.bytes
  } finally {
    clearTimeout(timer)
    over.removeEventListener('abort', giveUp)
  }
}
