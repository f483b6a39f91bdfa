/** What is said of pages and documents that could not be read. */
import assert from 'node:assert/strict'
import { faultLines } from '../../src/client/fault_lines.ts'
import type { FailedPage } from '../../src/client/job_types.ts'
import { documentOf } from '../browser/told_jobs.ts'

const pages = (reason: string, message: string, ...indexes: number[]): FailedPage[] =>
  indexes.map((index) => ({ index, reason, message }))

Deno.test('pages that failed for one reason are one line, in numbers as people count', () => {
  const failed = [
    ...pages('invalid_input', 'Cannot read the page: it is damaged', 2),
    ...pages('deadline_exceeded', 'query deadline_exceeded at read', 0, 4, 5, 8, 9, 10, 12),
  ]
  const document = documentOf('a.pdf', { state: 'done' })
  assert.deepEqual(faultLines(document, failed), [
    'Page 3: it is damaged',
    'Pages 1, 5, 6, 9 to 11 and 13: not read in time',
  ])
  const error = { reason: 'too_large', message: 'pdf: it is too large' }
  assert.equal(faultLines({ ...document, error }, failed)[0], 'pdf: it is too large')
})

Deno.test('a document that could not be opened says why, one without a page that was read by page', () => {
  const error = { reason: 'encrypted', message: 'The PDF is encrypted' }
  const document = documentOf('a.pdf', { state: 'failed', error })
  assert.deepEqual(faultLines(document, []), ['The PDF is encrypted'])
  const broken = pages('internal', 'batch failed: it broke', 0, 1)
  assert.deepEqual(faultLines({ ...document, error: broken[0]! }, broken), [
    'Pages 1 and 2: reading failed, however often it was tried',
  ])
})
