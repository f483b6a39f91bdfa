/**
 * `GET /v1/jobs/{id}/events`: the progress of a job, and each page as it comes, as server-sent
 * events.
 *
 * @module
 */
import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import { createRoom } from '../../core/shares.ts'
import { leftAddress } from '../../http/access/caller.ts'
import { wantsBody } from '../../http/wants_body.ts'
import { documentOf } from '../../jobs/info.ts'
import type { Job, JobNews } from '../../jobs/job.ts'
import type { Jobs } from '../../jobs/jobs.ts'
import { JOBS } from '../../jobs/params.ts'

/** Time between events of progress. */
const STEP_MS = 250
const PING_MS = 15_000
/** A listener that reads nothing for this time is dropped. */
const STALLED_MS = 30_000
const RETRY_MS = 5000

export interface JobEvents {
  /**
   * @param watch calls its argument once this listener may not listen any more
   * @throws ApiError where there are too many listeners already
   */
  listen(c: Context, job: Job, watch: (shut: () => void) => () => void): Response
}

export function createJobEvents(jobs: Jobs, now: () => number): JobEvents {
  const listeners = createRoom(() => ({
    ...{ most: JOBS.listeners, deed: 'take a listener', what: 'listeners', retryAfterMs: RETRY_MS },
  }))

  const standing = (job: Job) => {
    const { documents: _, ...info } = jobs.infoOf(job)
    return info
  }

  function eventOf(job: Job, news: JobNews): { event: string; data: string } {
    const { type, ...data } = news
    const shown = news.type === 'document'
      ? documentOf(news.document)
      : news.type === 'job' || news.type === 'end'
      ? standing(job)
      : data
    return { event: type, data: JSON.stringify(shown) }
  }

  return {
    listen(c, job, watch) {
      const holder = leftAddress(c)
      listeners.check(1, holder)
      if (!wantsBody(c)) return c.body('', 200, { 'content-type': 'text/event-stream' })
      listeners.take(1, holder)
      c.header('x-accel-buffering', 'no')
      return streamSSE(c, async (stream) => {
        const over = new AbortController()
        stream.onAbort(() => over.abort())
        const unwatch = watch(() => over.abort())
        const ended = AbortSignal.any([over.signal, jobs.draining])
        const queue: JobNews[] = [{ type: 'job' }]
        let wake = () => {}
        let isChanged = false
        const onNews = (news: JobNews) => {
          isChanged = true
          // Progress is sent at intervals, its last state too.
          if (news.type !== 'job') queue.push(news)
          // A listener that cannot keep up is closed, and finds the pages among the results.
          if (queue.length > JOBS.eventsBehind) over.abort()
          wake()
        }
        job.listeners.add(onNews)
        if (job.ended) queue.push({ type: 'end' })
        let sentMs = -Infinity
        const write = async (news: JobNews) => {
          const written = stream.writeSSE(eventOf(job, news))
          return await settled(written, STALLED_MS, ended)
        }
        try {
          while (!ended.aborted) {
            const news = queue.shift()
            if (news !== undefined) {
              if (!await write(news) || news.type === 'end') break
              if (news.type === 'job') sentMs = now()
              continue
            }
            const leftMs = sentMs + STEP_MS - now()
            if (isChanged && leftMs <= 0) {
              isChanged = false
              queue.push({ type: 'job' })
              continue
            }
            const changed = new Promise<void>((resolve) => wake = resolve)
            const isSilent = !await settled(changed, isChanged ? leftMs : PING_MS, ended)
            if (isSilent && !isChanged) await settled(stream.write(': ping\n\n'), STALLED_MS, ended)
          }
        } finally {
          listeners.take(-1, holder)
          job.listeners.delete(onNews)
          unwatch()
          if (ended.aborted) stream.abort()
        }
      })
    },
  }
}

/** False when the time ran out, or `ended` came first. */
async function settled(work: Promise<unknown>, ms: number, ended: AbortSignal): Promise<boolean> {
  return await new Promise((resolve) => {
    const done = (is: boolean) => {
      clearTimeout(timer)
      ended.removeEventListener('abort', stop)
      resolve(is)
    }
    const stop = () => done(false)
    const timer = setTimeout(stop, ms)
    ended.addEventListener('abort', stop)
    work.then(() => done(true), stop)
    if (ended.aborted) stop()
  })
}
