/**
 * The body of `POST /v1/jobs` as JSON: what is asked, and the files that came along.
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

/** @returns an input each as `payloads`: its bytes, or as `meta.file` the id of a file that is here */
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
