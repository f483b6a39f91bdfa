/**
 * A body of type `multipart/form-data`, taken apart where it lies: its parts are views of it.
 *
 * @module
 */
import { ApiError } from '../../core/api_error.ts'

export interface FormPart {
  name: string
  /** Whether it came as a file. */
  isFile: boolean
  bytes: Uint8Array
}

/** A form that asks for something has a few. */
const MAX_PARTS = 32
/** Of one part, in bytes: a name, the name of a file, a type. */
const MAX_HEAD = 4096
/** Longest boundary that RFC 2046 allows. */
const MAX_BOUNDARY = 70

const CRLF = [0x0d, 0x0a] as const
const DASH = 0x2d
const ascii = new TextEncoder()

const fail = (fault: string): never => {
  throw new ApiError('invalid_input', `Cannot read the form: ${fault}`)
}

/** @throws ApiError `unsupported_type` for a content type that is no form, `invalid_input` */
export function boundaryOf(contentType: string | null): string {
  const [type = ''] = (contentType ?? '').split(';')
  if (type.trim().toLowerCase() !== 'multipart/form-data') {
    throw new ApiError(
      'unsupported_type',
      `Cannot take content-type ${type.trim().slice(0, 100) || '(none)'}: send multipart/form-data`,
    )
  }
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]*)"|([^\s;"]+))/i.exec(contentType!) ?? []
  const boundary = quoted ?? plain ?? ''
  if (boundary === '' || boundary.length > MAX_BOUNDARY || /[^\x20-\x7e]/.test(boundary)) {
    return fail(`its content-type names no boundary of 1..${MAX_BOUNDARY} characters`)
  }
  return boundary
}

/**
 * @param contentType with its boundary
 * @throws ApiError `unsupported_type` or `invalid_input`
 */
export function readForm(contentType: string | null, body: Uint8Array): FormPart[] {
  const mark = ascii.encode(`--${boundaryOf(contentType)}`)
  const between = Uint8Array.from([...CRLF, ...mark])
  const parts: FormPart[] = []
  let at = startsWith(body, mark, 0) ? mark.length : endOf(body, between, 0)
  for (;;) {
    if (body[at] === DASH && body[at + 1] === DASH) return parts
    // Blanks may follow a boundary.
    while (body[at] === 0x20 || body[at] === 0x09) at++
    if (!startsWith(body, CRLF, at)) fail('a boundary is followed by something else')
    if (parts.length === MAX_PARTS) fail(`it has over ${MAX_PARTS} parts`)
    const { head, start } = headAt(body, at + CRLF.length)
    const end = endOf(body, between, start - CRLF.length)
    parts.push({ ...head, bytes: body.subarray(start, Math.max(start, end - between.length)) })
    at = end
  }
}

/** Behind the next such bytes. */
function endOf(body: Uint8Array, what: Uint8Array, from: number): number {
  for (let at = body.indexOf(what[0]!, from); at >= 0; at = body.indexOf(what[0]!, at + 1)) {
    if (startsWith(body, what, at)) return at + what.length
  }
  return fail('it ends before its last boundary')
}

function startsWith(body: Uint8Array, what: ArrayLike<number>, at: number): boolean {
  for (let i = 0; i < what.length; i++) if (body[at + i] !== what[i]) return false
  return true
}

/** The lines up to the first empty one. */
function headAt(body: Uint8Array, from: number) {
  const head = new TextDecoder().decode(body.subarray(from, from + MAX_HEAD))
  const length = head.startsWith('\r\n') ? 0 : head.indexOf('\r\n\r\n')
  if (length <= 0) return fail('a part has no content-disposition')
  const disposition = head.slice(0, length).split('\r\n')
    .find((line) => /^content-disposition\s*:/i.test(line)) ?? ''
  const name = /;\s*name=(?:"([^"]*)"|([^\s;"]+))/i.exec(disposition)
  if (name === null) return fail('a part has no name')
  const isFile = /;\s*filename\*?=/i.test(disposition)
  // What is decoded may be longer or shorter than its bytes.
  const bytes = ascii.encode(head.slice(0, length)).length
  return { head: { name: name[1] ?? name[2]!, isFile }, start: from + bytes + 2 * CRLF.length }
}
