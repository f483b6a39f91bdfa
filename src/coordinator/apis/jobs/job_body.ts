/**
 * The body of `POST /v1/jobs` as JSON: options, and files.
 *
 * @module
 */
import type { z } from 'zod'
import { ApiError } from '../../core/api_error.ts'
import { parseAs } from '../../http/bodies/json.ts'
import { JOBS } from '../../jobs/params.ts'
import type { BodyQuery } from '../oip/request.ts'
import { jobRequest } from './schemas.ts'

type Input = z.infer<typeof jobRequest>['inputs'][number]

/** @returns a payload for each input: its bytes, or in `meta.file` the id of an uploaded file */
export function readJobBody(body: Uint8Array): BodyQuery {
  const { inputs, ...job } = parseAs(jobRequest, body, JOBS.documents * 8)
  const payloads = inputs.map((input, n) => {
    const { name, file } = input
    const meta = { ...name === undefined ? {} : { name }, ...file === undefined ? {} : { file } }
    return { meta, bytes: bytesOf(input, n) }
  })
  return { payloads, outputs: [], job }
}

function bytesOf({ data, text, file }: Input, n: number): Uint8Array {
  if ([data, text, file].filter((one) => one !== undefined).length !== 1) {
    throw new ApiError(
      'invalid_input',
      `Cannot use inputs.${n}: must have one of data, text and file`,
    )
  }
  if (text !== undefined) return new TextEncoder().encode(text)
  try {
    return Uint8Array.fromBase64(data ?? '')
  } catch {
    throw new ApiError('invalid_input', `Cannot use inputs.${n}.data: it is not base64`)
  }
}
