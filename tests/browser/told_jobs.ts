/** A coordinator whose jobs are as a test says, over real sockets, for the page of documents. */
import { Hono } from 'hono'
import { mountPages } from '../../src/coordinator/http/pages.ts'
import type { FailedPage, JobDocument } from '../../src/client/job_types.ts'
import type { WholeJob } from '../../src/client/job_facts.ts'
import { testAssets } from './fixture.ts'
import { pipelineOf } from './told.ts'

export interface JobTeller {
  url: string
  /** By id, in the order in which they came. */
  jobs: Map<string, WholeJob>
  /** Of each job, by its documents. */
  failedPages: Map<string, FailedPage[][]>
  /** Names of the pipelines that are served. */
  served: string[]
  /** Names of nodes; undefined: that whoever asks may not know. */
  nodes: string[] | undefined
  /** Fields and names of files of each form. */
  forms: { fields: Record<string, string>; files: string[] }[]
  /** Asked for in a header, if any. */
  key: string | undefined
  /** What forms are answered, in place of a job. */
  refusal: { status: 413 | 503; error: string; reason: string } | undefined
  /** Forms are taken in only when this resolves. */
  before: Promise<void>
  deleted: string[]
  end(): Promise<void>
}

export const documentOf = (name: string, change: Partial<JobDocument> = {}): JobDocument => ({
  ...{ n: 0, name, bytes: 1000, type: null, state: 'queued' },
  ...{ pages: { done: 0, total: null, failed: 0 }, outputs: {}, ...change },
})

export const jobOf = (
  id: string,
  documents: JobDocument[],
  change: Partial<WholeJob> = {},
): WholeJob => ({
  ...{ id, pipeline: 'documents', state: 'queued', pages: { done: 0, total: null, failed: 0 } },
  ...{ createdAt: '2026-01-01T00:00:00Z', startedAt: null, endedAt: null, by: null },
  ...{ estimateAt: null, inTime: null, pagesPerMinute: null, waiting: null },
  ...{ output: ['pdf', 'text'], documents, ...change },
})

export const outputsOf = (id: string, n: number): JobDocument['outputs'] => ({
  pdf: `/v1/jobs/${id}/results/${n}.pdf`,
  text: `/v1/jobs/${id}/results/${n}.txt`,
})

export async function startJobTeller(): Promise<JobTeller> {
  const app = new Hono()
  const teller: JobTeller = {
    ...{
      url: '',
      jobs: new Map(),
      failedPages: new Map(),
      served: ['documents'],
      nodes: ['reception'],
      forms: [],
    },
    ...{ key: undefined, refusal: undefined, before: Promise.resolve(), deleted: [] },
    end: () => server.shutdown(),
  }
  mountPages(app, await testAssets())
  app.use('/v1/*', async (c, next) => {
    if (teller.key !== undefined && c.req.header('authorization') !== `Bearer ${teller.key}`) {
      return c.json({ error: 'Cannot take this call without a key', reason: 'unauthorized' }, 401)
    }
    return await next()
  })
  app.get(
    '/v1/pipelines',
    (c) => c.json({ pipelines: teller.served.map((name) => pipelineOf(name, { only: 0.9 })) }),
  )
  app.get(
    '/v1/nodes',
    (c) =>
      teller.nodes === undefined
        ? c.json({ error: 'Cannot take this call', reason: 'forbidden' }, 403)
        : c.json({ nodes: teller.nodes.map((name) => ({ id: name, name })) }),
  )
  app.post('/v1/jobs', async (c) => {
    const form = await c.req.formData()
    await teller.before
    const fields: Record<string, string> = {}
    const files: string[] = []
    for (const [name, value] of form) {
      if (typeof value === 'string') fields[name] = value
      else files.push(value.name)
    }
    teller.forms.push({ fields, files })
    const { refusal } = teller
    if (refusal !== undefined) {
      return c.json({ error: refusal.error, reason: refusal.reason }, refusal.status)
    }
    const by = fields.by === undefined ? {} : { by: fields.by }
    const id = `job_${teller.jobs.size + 1}`
    teller.jobs.set(id, jobOf(id, files.map((name) => documentOf(name)), by))
    return c.json(teller.jobs.get(id), 202)
  })
  app.get('/v1/jobs/:id', (c) => {
    const job = teller.jobs.get(c.req.param('id'))
    return job === undefined
      ? c.json({ error: 'Cannot find this job', reason: 'not_found' }, 404)
      : c.json(job)
  })
  app.delete('/v1/jobs/:id', (c) => {
    const id = c.req.param('id')
    teller.deleted.push(id)
    const job = teller.jobs.get(id)
    if (job?.state === 'running') teller.jobs.set(id, { ...job, state: 'cancelled' })
    else teller.jobs.delete(id)
    return c.body(null, 204)
  })
  app.get('/v1/jobs/:id/results', (c) => {
    const id = c.req.param('id')
    const failed = teller.failedPages.get(id) ?? []
    const results = teller.jobs.get(id)!.documents
      .map((document, n) => ({ ...document, failedPages: failed[n] ?? [] }))
    return c.json({ results })
  })
  app.get(
    '/v1/jobs/:id/*',
    (c) => c.body(`content of ${c.req.path}`, 200, { 'content-type': 'application/octet-stream' }),
  )
  const server = Deno.serve({ port: 0, hostname: '127.0.0.1', onListen() {} }, app.fetch)
  teller.url = `http://localhost:${(server.addr as Deno.NetAddr).port}`
  return teller
}
