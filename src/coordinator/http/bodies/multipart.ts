/**
 * Bodies of type `multipart/form-data`, read as their bytes come.
 *
 * @module
 */
import { Buffer } from 'node:buffer'
import { ApiError } from '../../core/api_error.ts'

export interface PartHead {
  name: string
  /** Absent where the part is a field. */
  fileName: string | undefined
}

export type FormEvent =
  | { type: 'part'; head: PartHead }
  /** The next bytes of the part, as a view of what was read. */
  | { type: 'data'; bytes: Uint8Array }
  /** The part is whole. */
  | { type: 'end' }

export interface FormReader {
  /** Events of the next bytes of the body. @throws ApiError `invalid_input` */
  read(bytes: Uint8Array): Iterable<FormEvent>
  /** @throws ApiError `invalid_input` where the form is not whole */
  end(): void
}

/** Bytes of the lines above a part: its name, the name of its file, its type. */
const MAX_HEAD = 4096
/** Longest boundary that RFC 2046 allows. */
const MAX_BOUNDARY = 70
const HEAD_END = '\r\n\r\n'
const NOTHING = Buffer.alloc(0)

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
export function createFormReader(contentType: string | null): FormReader {
  /** Stands before each part and behind the last; the first may do without its line break. */
  const mark = Buffer.from(`\r\n--${boundaryOf(contentType)}`)
  const firstMark = mark.subarray('\r\n'.length)
  let state: 'start' | 'preamble' | 'mark' | 'head' | 'content' | 'done' = 'start'
  /** Bytes that cannot be read before the next ones are there. */
  let rest: Buffer = NOTHING

  function* read(more: Uint8Array): Generator<FormEvent> {
    const bytes = rest.length > 0
      ? Buffer.concat([rest, more])
      : Buffer.from(more.buffer, more.byteOffset, more.byteLength)
    let at = 0
    while (state !== 'done') {
      if (state === 'start') {
        if (bytes.length < firstMark.length) break
        const isMark = bytes.subarray(0, firstMark.length).equals(firstMark)
        if (isMark) at = firstMark.length
        state = isMark ? 'mark' : 'preamble'
      } else if (state === 'mark') {
        while (bytes[at] === 0x20 || bytes[at] === 0x09) at++
        if (bytes.length - at < 2) break
        const end = bytes.toString('latin1', at, at + 2)
        if (end !== '--' && end !== '\r\n') fail('a boundary is followed by something else')
        at += 2
        state = end === '--' ? 'done' : 'head'
      } else if (state === 'head') {
        const end = headEnd(bytes, at)
        if (end === undefined) break
        yield { type: 'part', head: readHead(bytes.toString('utf8', at, end)) }
        at = end + HEAD_END.length
        state = 'content'
      } else {
        const found = bytes.indexOf(mark, at)
        // The last bytes may be the beginning of a mark.
        const end = found < 0 ? Math.max(at, bytes.length - mark.length + 1) : found
        const isPart = state === 'content'
        if (isPart && end > at) yield { type: 'data', bytes: bytes.subarray(at, end) }
        at = end
        if (found < 0) break
        if (isPart) yield { type: 'end' }
        at += mark.length
        state = 'mark'
      }
    }
    rest = state === 'done' ? NOTHING : bytes.subarray(at)
  }

  return {
    read,
    end() {
      if (state !== 'done') fail('it ends before its last boundary')
    },
  }
}

/** Where the empty line behind a head begins; undefined where it is yet to come. */
function headEnd(bytes: Buffer, at: number): number | undefined {
  if (bytes.toString('latin1', at, at + 2) === '\r\n') fail('a part has no content-disposition')
  const end = bytes.indexOf(HEAD_END, at)
  if (end < 0 ? bytes.length - at > MAX_HEAD : end - at > MAX_HEAD) {
    fail(`a part has no content-disposition within ${MAX_HEAD} bytes`)
  }
  return end < 0 ? undefined : end
}

function readHead(head: string): PartHead {
  const disposition = head.split('\r\n')
    .find((line) => /^content-disposition\s*:/i.test(line)) ?? ''
  const name = /;\s*name=(?:"([^"]*)"|([^\s;"]+))/i.exec(disposition)
  if (name === null) return fail('a part has no name')
  return { name: name[1] ?? name[2]!, fileName: fileNameIn(disposition) }
}

/** As browsers write it, with quotes escaped as other programs do, or as RFC 5987 has it. */
function fileNameIn(disposition: string): string | undefined {
  const encoded = /;\s*filename\*=utf-8'[^']*'([^\s;]+)/i.exec(disposition)
  if (encoded !== null) {
    try {
      return decodeURIComponent(encoded[1]!)
    } catch {
      return fail('the name of a file is not encoded as it says')
    }
  }
  const name = /;\s*filename=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/i.exec(disposition)
  return name?.[1]?.replaceAll(/\\(["\\])/g, '$1') ?? name?.[2]
}
