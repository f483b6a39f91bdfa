/**
 * The command line of `deno task documents`.
 *
 * @module
 */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { JobOutput } from '../../client/job_types.ts'
import { JOB_OUTPUTS } from '../../client/job_facts.ts'
import { nextClock } from '../../client/when.ts'
import { COMMAND } from '../root.ts'
import { variable } from '../variable.ts'

export const USAGE = `${COMMAND} documents DIR --to DIR [options]
  DIR                the PDFs and pictures in it, and in its folders, are read
  --to DIR           what was read is written there, each file where its document is in DIR; what is
                     there already is not read again
  --by 07:00         when all is to be done: the next such time, or as 2026-12-03T07:00
  --output pdf,text  what is written: pdf, text, json, hocr, alto
  --url URL          the coordinator; http://localhost:8787 if absent
  --pipeline documents   what reads them
  --key KEY          where the coordinator asks for one; also SHOAL_CLIENT_KEY
  --detach           hands them in and ends; the same command fetches what was read

Ctrl-C cancels what is not read yet; what is written stays, and the same command goes on from there.
Exit code 0: all is written, or handed in with --detach; 1: nothing could be done; 2: some documents or
pages could not be read; 130: cancelled.`

export interface DocumentsArgs {
  from: string
  to: string
  by?: Date
  outputs: JobOutput[]
  url: string
  pipeline: string
  key?: string
  detach: boolean
}

const text = { type: 'string' } as const
const FLAGS = {
  to: text,
  by: text,
  url: text,
  pipeline: text,
  key: text,
  output: { type: 'string', multiple: true },
  detach: { type: 'boolean' },
  help: { type: 'boolean' },
} as const

/** @throws Error with what was wrong; nothing where only help was asked for */
export function readDocumentsArgs(args: string[], now: Date): DocumentsArgs | undefined {
  const { values, positionals } = parseArgs({ args, options: FLAGS, allowPositionals: true })
  if (values.help) return undefined
  const [from, ...more] = positionals
  if (from === undefined) throw new RangeError('Cannot read documents: their folder is missing')
  if (more.length > 0) {
    throw new RangeError(`Cannot read documents: one folder at once: received ${more[0]}, too`)
  }
  if (values.to === undefined) throw new RangeError('Cannot read documents: --to DIR is missing')
  const url = URL.parse(values.url ?? 'http://localhost:8787')
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new RangeError(`Cannot use --url: must be as http://HOST:PORT: received ${values.url}`)
  }
  const key = values.key ?? (variable('SHOAL_CLIENT_KEY') || undefined)
  return {
    from: resolve(from),
    to: resolve(values.to),
    outputs: outputsOf(values.output ?? ['pdf,text']),
    // Below a path, as the client asks.
    url: url.origin + url.pathname.replace(/\/$/, ''),
    pipeline: values.pipeline ?? 'documents',
    detach: values.detach ?? false,
    ...values.by === undefined ? {} : { by: whenOf(values.by, now) },
    ...key === undefined ? {} : { key },
  }
}

function outputsOf(given: readonly string[]): JobOutput[] {
  const names = new Set(given.flatMap((one) => one.split(',')))
  const outputs = JOB_OUTPUTS.filter((output) => names.delete(output))
  const [unknown] = names
  if (unknown === undefined) return outputs
  throw new RangeError(
    `Cannot use --output: must be of ${JOB_OUTPUTS.join(', ')}: received ${unknown}`,
  )
}

function whenOf(given: string, now: Date): Date {
  const clock = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(given)
  if (clock !== null) return nextClock(Number(clock[1]), Number(clock[2]), now)
  // Without a zone it is the time of here.
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(given) ? new Date(given) : new Date(NaN)
  if (Number.isNaN(+at)) {
    throw new RangeError(
      `Cannot use --by: must be as 07:00 or 2026-12-03T07:00: received ${given}`,
    )
  }
  if (at > now) return at
  throw new RangeError(`Cannot use --by: that time has passed: received ${given}`)
}
