/**
 * Webhooks of jobs: a call at the end, signed as in Standard Webhooks, repeated where it fails.
 *
 * @module
 */
import { createHmac, randomBytes } from 'node:crypto'
import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import type { JobInfo } from '../../client/job_types.ts'
import { ApiError } from '../core/api_error.ts'
import type { Log } from '../core/log.ts'
import { addressOf } from './address.ts'
import type { Job } from './job.ts'
import { JOBS } from './params.ts'
import type { WebhookRow } from './types.ts'

const PREFIX = 'whsec_'
const SECRET_BYTES = { least: 24, most: 64, made: 32 }
/** The status of a receiver that wants no more calls. */
const GONE = 410

export const makeSecret = (): string => PREFIX + randomBytes(SECRET_BYTES.made).toString('base64')

/** @throws ApiError `invalid_input` */
export function checkSecret(text: string): string {
  try {
    const { byteLength } = keyOf(text)
    if (byteLength >= SECRET_BYTES.least && byteLength <= SECRET_BYTES.most) return text
  } catch {
    // The error is thrown below.
  }
  const { least, most } = SECRET_BYTES
  throw new ApiError(
    'invalid_input',
    `Cannot use the webhook's secret: must be ${PREFIX} and base64 of ${least} to ${most} bytes`,
  )
}

const keyOf = (secret: string): Uint8Array =>
  Uint8Array.fromBase64(secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret)

export function signatureOf(secret: string, id: string, timestamp: number, body: string): string {
  const hmac = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`)
  return `v1,${hmac.digest('base64')}`
}

export interface WebhooksOptions {
  /** The job as listeners get it; without documents. */
  infoOf(job: Job): JobInfo
  changed(job: Job): void
  wallMs: () => number
  log: Log
  /** Waits before each further call, in place of those of `params.ts`. */
  waitsMs?: readonly number[]
}

export class Webhooks {
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>()
  readonly #calls = new Set<AbortController>()
  #stopped = false

  constructor(private readonly options: WebhooksOptions) {}

  /** Follows a job: calls with its progress, where they are wanted. */
  follow(job: Job): void {
    if (!job.row.webhook?.progress || job.ended) return
    this.#at(job, JOBS.progressMs, async () => {
      if (job.ended) return
      await this.#call(job, job.row.webhook!, 'progress').catch(() => {})
      this.follow(job)
    })
  }

  /** Calls for a job that has ended, maybe in an earlier run. */
  ended(job: Job): void {
    const { webhook } = job.row
    if (webhook === null || webhook.state !== 'waiting') return
    const waitsMs = this.options.waitsMs ?? JOBS.webhookWaitsMs
    const waitMs = webhook.tries === 0 ? 0 : waitsMs[webhook.tries - 1] ?? 0
    this.#at(job, waitMs, () => this.#callEnd(job, webhook, waitsMs.length))
  }

  forget(job: Job): void {
    clearTimeout(this.#timers.get(job.id))
    this.#timers.delete(job.id)
  }

  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers.values()) clearTimeout(timer)
    for (const call of this.#calls) call.abort()
  }

  #at(job: Job, ms: number, work: () => Promise<void>): void {
    clearTimeout(this.#timers.get(job.id))
    if (!this.#stopped) this.#timers.set(job.id, setTimeout(() => void work(), ms))
  }

  async #callEnd(job: Job, webhook: WebhookRow, retries: number): Promise<void> {
    const { log, changed } = this.options
    try {
      await this.#call(job, webhook, job.row.state)
      webhook.state = 'delivered'
    } catch (error) {
      if (this.#stopped) return
      webhook.tries++
      const isLast = webhook.tries > retries || error instanceof GoneError
      if (isLast) webhook.state = 'failed'
      log(`webhook of job ${job.id}: ${(error as Error).message}`, 'warn', {
        ...{ event: 'webhook_failed', job: job.id, tries: webhook.tries, last: isLast },
      })
      if (!isLast) this.ended(job)
    }
    changed(job)
  }

  async #call(job: Job, { url, secret, near }: WebhookRow, what: string): Promise<void> {
    const nowMs = this.options.wallMs()
    const { documents: _, ...data } = this.options.infoOf(job)
    const body = JSON.stringify({
      ...{ type: `job.${what}`, timestamp: new Date(nowMs).toISOString(), data },
    })
    const id = `msg_${job.id}_${what === 'progress' ? nowMs : 'end'}`
    const timestamp = Math.floor(nowMs / 1000)
    const call = new AbortController()
    this.#calls.add(call)
    const timer = setTimeout(() => call.abort(), JOBS.webhookMs)
    try {
      const status = await post(new URL(url), near, body, call.signal, {
        'content-type': 'application/json',
        'user-agent': 'shoal',
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': signatureOf(secret, id, timestamp, body),
      })
      if (status === GONE) throw new GoneError('its address is gone')
      if (status < 200 || status > 299) throw new Error(`received status ${status}`)
    } catch (error) {
      const late = call.signal.aborted && !this.#stopped
      throw late ? new Error(`no answer within ${JOBS.webhookMs / 1000} s`) : error
    } finally {
      clearTimeout(timer)
      this.#calls.delete(call)
    }
  }
}

class GoneError extends Error {}

/** Posts a call; follows no redirect, and does not read the answer's body. */
async function post(
  url: URL,
  near: boolean,
  body: string,
  signal: AbortSignal,
  headers: Record<string, string>,
): Promise<number> {
  const { address, family } = await addressOf(url, near)
  const bytes = new TextEncoder().encode(body)
  return await new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? requestTls : requestPlain)(url, {
      ...{ method: 'POST', signal, agent: false },
      headers: { ...headers, 'content-length': String(bytes.byteLength) },
      // The address that was checked: its name may resolve to another by now.
      lookup: (_host, options, found) => {
        if (options.all) found(null, [{ address, family }])
        else found(null, address, family)
      },
    }, (response) => {
      resolve(response.statusCode ?? 0)
      response.destroy()
    })
    request.on('error', reject)
    request.end(bytes)
  })
}
