/**
 * A query whose answer is streamed while it is generated, from its submission to its end.
 *
 * @module
 */
import { publicName } from '../../../pipeline/version.ts'
import type { Prefer } from '../../../policy/core/elastic.ts'
import { ApiError } from '../../core/api_error.ts'
import type { Gone } from '../../core/gone.ts'
import type { Holder } from '../../core/shares.ts'
import type { Payload } from '../../nodes/payload.ts'
import type { ServedPipeline } from '../../nodes/served.ts'
import { type Finished, resultOf, round } from '../../pool/answer.ts'
import type { InferParts } from '../common/infer_parts.ts'
import { generatedIn, type GeneratedText } from './generated.ts'

export interface Question {
  /** The version, entered by the caller; left at the end. */
  served: ServedPipeline
  payload: Payload
  id: string
  arrivedMs: number
  budgetMs: number
  /** From arrival to the first token. */
  ttftMs?: number
  minAccuracy?: number | undefined
  prefer?: Prefer | undefined
  unverified?: boolean | undefined
  gone: Gone
  holder: Holder
}

export interface Whole {
  answer: Finished
  generated: GeneratedText
  latencyMs: number
  modelledJ: number
}

export interface Running {
  /** Resolves at the first text, or with the answer. @throws ApiError where neither comes */
  begun: Promise<void>
  /** The text since the last call; undefined at the end. @throws ApiError as `whole` does */
  next(): Promise<string | undefined>
  whole: Promise<Whole>
  /** Ends the query for its client. */
  leave(why: unknown): void
}

const nothing = () => {}

export type RunningParts = Pick<InferParts, 'pool' | 'history' | 'now' | 'log'>

export function run({ pool, history, now, log }: RunningParts, question: Question): Running {
  const { served, payload, id, arrivedMs, budgetMs, ttftMs, minAccuracy, prefer } = question
  const { holder, unverified } = question
  const { versions, telemetry, deadlines } = pool
  const { pipeline } = served
  const begun = Promise.withResolvers<void>()
  const gaveUp = Promise.withResolvers<never>()
  const leaving = new AbortController()
  let streamed = ''
  let untaken = ''
  let ended = false
  let wake = nothing

  function leave(why: unknown): void {
    if (ended || leaving.signal.aborted) return
    leaving.abort(why)
    gaveUp.reject(why)
  }
  /** The client is gone when its connection is, and when the wait was ended here. */
  const gone: Gone = (left) => {
    if (leaving.signal.aborted) {
      left(leaving.signal.reason)
      return nothing
    }
    const unwatch = question.gone(left)
    const onLeave = () => left(leaving.signal.reason)
    leaving.signal.addEventListener('abort', onLeave)
    return () => {
      unwatch()
      leaving.signal.removeEventListener('abort', onLeave)
    }
  }
  const cancelTimer = ttftMs === undefined ? nothing : deadlines.at(arrivedMs + ttftMs, () => {
    leave(new ApiError('deadline_exceeded', `Cannot answer: no token came in ${ttftMs} ms`))
  })
  const onText = ({ text }: { text: string }) => {
    if (ended) return
    // A first token may have no certain text yet.
    cancelTimer()
    if (text === '') return
    streamed += text
    untaken += text
    begun.resolve()
    wake()
  }

  async function work(): Promise<Whole> {
    try {
      const answered = await Promise.race([
        pool.submit({
          ...{ pipeline: pipeline.name, payload, id, arrivedMs, gone, onText, holder },
          ...{ deadlineMs: arrivedMs + budgetMs, unverified },
          ...minAccuracy === undefined ? {} : { minAccuracy },
          ...prefer === undefined ? {} : { prefer },
        }),
        gaveUp.promise,
      ])
      const answer = resultOf(answered.answer)
      const all = generatedIn(pipeline, answer, streamed)
      if (!all.text.startsWith(streamed)) {
        const message = 'Cannot go on: the answer differs from the text that was sent before'
        throw new ApiError('node_failed', message)
      }
      untaken += all.text.slice(streamed.length)
      const tookMs = answered.answeredMs - arrivedMs
      const latencyMs = round(tookMs)
      log.debug?.(`query ${id}: ${pipeline.name} in ${latencyMs} ms`, {
        ...{ event: 'query', id, pipeline: pipeline.name, latencyMs },
      })
      telemetry.requestDone(pipeline.name, [answer], tookMs)
      history.took(publicName(pipeline.name), tookMs)
      begun.resolve()
      return { answer, generated: all, latencyMs, modelledJ: round(answered.modelledJ) }
    } catch (error) {
      telemetry.requestFailed(pipeline.name, now() - arrivedMs)
      begun.reject(error)
      throw error
    } finally {
      ended = true
      cancelTimer()
      versions.leave(served)
      wake()
    }
  }

  gaveUp.promise.catch(nothing)
  begun.promise.catch(nothing)
  const whole = work()
  whole.catch(nothing)
  return {
    begun: begun.promise,
    whole,
    leave,
    async next() {
      while (untaken === '' && !ended) await new Promise<void>((resolve) => wake = resolve)
      if (untaken === '') {
        await whole
        return undefined
      }
      const text = untaken
      untaken = ''
      return text
    },
  }
}
