/**
 * A query whose answer is heard while it is generated, from its submission to its end.
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
import { type Said, saidIn } from './generated.ts'

export interface Question {
  /** Entered by whoever asks; left at the end. */
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
  said: Said
  latencyMs: number
  modelledJ: number
}

export interface Running {
  /** Once something is said, or the answer is there. @throws ApiError where neither comes */
  begun: Promise<void>
  /** All that was said since the last call; undefined at the end. @throws ApiError as `whole` does */
  next(): Promise<string | undefined>
  whole: Promise<Whole>
  /** Ends it for whoever asked. */
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
  const left = Promise.withResolvers<never>()
  const leaving = new AbortController()
  let said = ''
  let untaken = ''
  let ended = false
  let wake = nothing

  function leave(why: unknown): void {
    if (ended || leaving.signal.aborted) return
    leaving.abort(why)
    left.reject(why)
  }
  /** Whoever asked is gone where their connection is, and where the wait was given up here. */
  const gone: Gone = (tell) => {
    if (leaving.signal.aborted) {
      tell(leaving.signal.reason)
      return nothing
    }
    const unwatch = question.gone(tell)
    const told = () => tell(leaving.signal.reason)
    leaving.signal.addEventListener('abort', told)
    return () => {
      unwatch()
      leaving.signal.removeEventListener('abort', told)
    }
  }
  const callOff = ttftMs === undefined ? nothing : deadlines.at(arrivedMs + ttftMs, () => {
    leave(new ApiError('deadline_exceeded', `Cannot answer: no token came in ${ttftMs} ms`))
  })
  const onText = ({ text }: { text: string }) => {
    if (ended) return
    // A first token may be one of which no text is certain yet.
    callOff()
    if (text === '') return
    said += text
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
        left.promise,
      ])
      const answer = resultOf(answered.answer)
      const all = saidIn(pipeline, answer, said)
      if (!all.text.startsWith(said)) {
        const message = 'Cannot go on: the answer differs from the text that was sent before'
        throw new ApiError('node_failed', message)
      }
      untaken += all.text.slice(said.length)
      const tookMs = answered.answeredMs - arrivedMs
      const latencyMs = round(tookMs)
      log.debug?.(`query ${id}: ${pipeline.name} in ${latencyMs} ms`, {
        ...{ event: 'query', id, pipeline: pipeline.name, latencyMs },
      })
      telemetry.requestDone(pipeline.name, [answer], tookMs)
      history.took(publicName(pipeline.name), tookMs)
      begun.resolve()
      return { answer, said: all, latencyMs, modelledJ: round(answered.modelledJ) }
    } catch (error) {
      telemetry.requestFailed(pipeline.name, now() - arrivedMs)
      begun.reject(error)
      throw error
    } finally {
      ended = true
      callOff()
      versions.leave(served)
      wake()
    }
  }

  left.promise.catch(nothing)
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
