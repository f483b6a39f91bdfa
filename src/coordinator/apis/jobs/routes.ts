/**
 * `/v1/jobs`: documents in, with their due time; progress; results.
 *
 * @module
 */
import type { Context, Hono } from 'hono'
import type { JobInfo } from '../../../client/job_types.ts'
import { ApiError } from '../../core/api_error.ts'
import type { Access } from '../../http/access/access.ts'
import { leftAddress } from '../../http/access/caller.ts'
import type { Job } from '../../jobs/job.ts'
import type { Jobs } from '../../jobs/jobs.ts'
import { JOBS } from '../../jobs/params.ts'
import type { Pool } from '../../pool/pool.ts'
import type { BodyReader } from '../bodies/reader.ts'
import { createJobEvents } from './events.ts'
import { readJob } from './request.ts'
import { resultFile, resultsOf, zipOf } from './results.ts'
import { dropForm } from './upload.ts'

export interface JobRoutes {
  pool: Pool
  jobs: Jobs
  bodies: BodyReader
  access: Access
  now: () => number
  /** Whether webhooks of all callers may go to private addresses. */
  nearWebhooks?: boolean
}

export function mountJobs(app: Hono, options: JobRoutes): void {
  const { jobs, access, now } = options
  const events = createJobEvents(jobs, now)
  const jobOf = (c: Context): Job => {
    const job = jobs.get(access.holder(c), c.req.param('id')!)
    if (job.row.batch === null) return job
    throw new ApiError('not_found', `Cannot use ${job.id} here: ask /v1/batches/${job.id}`)
  }
  const brief = (job: Job): JobInfo => {
    const { documents: _, ...info } = jobs.infoOf(job)
    return info
  }
  app.post('/v1/jobs', async (c) => {
    const viewer = access.holder(c)
    jobs.checkRoom(viewer.owner, 1)
    const near = access.caller(c).local || options.nearWebhooks === true
    const { job: made, files, madeSecret } = await jobs.receive(
      leftAddress(c),
      () => readJob(c, options, viewer, near),
    )
    const job = await jobs.create(made, files).catch(async (error) => {
      await dropForm({ files }, jobs.folder)
      throw error
    })
    await soon(job.counted.promise)
    const info = jobs.infoOf(job)
    if (madeSecret !== undefined) info.webhook!.secret = madeSecret
    return c.json(info, 202, { location: `/v1/jobs/${job.id}` })
  })

  app.get('/v1/jobs', (c) => {
    const all = jobs.list(access.holder(c)).filter(({ row }) => row.batch === null)
    return c.json({ jobs: all.map(brief) })
  })
  app.get('/v1/jobs/:id', (c) => c.json(jobs.infoOf(jobOf(c))))
  app.get('/v1/jobs/:id/results', async (c) => {
    const results = await resultsOf(jobs.folder, jobOf(c))
    return c.json({ results })
  })
  app.get('/v1/jobs/:id/results.zip', (c) => zipOf(c, jobs.folder, jobOf(c)))
  app.get(
    '/v1/jobs/:id/results/:file',
    (c) => resultFile(c, jobs.folder, jobOf(c), c.req.param('file')),
  )
  app.get(
    '/v1/jobs/:id/events',
    (c) => events.listen(c, jobOf(c), (shut) => access.watch(c, 'client', shut)),
  )

  app.delete('/v1/jobs/:id', async (c) => {
    const job = jobOf(c)
    if (job.ended || c.req.query('purge') !== undefined) {
      await jobs.remove(job)
      return c.body(null, 204)
    }
    await jobs.cancel(job)
    return c.json(jobs.infoOf(job))
  })
}

/** Waits for a short while. */
async function soon(work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  await Promise.race([work, new Promise((done) => timer = setTimeout(done, JOBS.answerMs))])
  clearTimeout(timer)
}
