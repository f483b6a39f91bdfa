/** What becomes of the documents of a job. */
import assert from 'node:assert/strict'
import { PIXEL_PNG } from '../fixture.ts'
import { create, ended, get, numbered, pagesOf, withJobs } from './scene.ts'

Deno.test('a job reads all pages of its documents, a few at a time, and writes what was asked for', () =>
  withJobs(async (coordinator, node) => {
    const made = await create(coordinator, {
      'a/long.pdf': pagesOf(numbered(10)),
      'picture.png': new Uint8Array(PIXEL_PNG),
    }, { output: 'text,json' })
    assert.equal(made.pages.total, 11)
    assert.equal(made.by, null)
    assert.equal(made.inTime, null)
    const job = await ended(coordinator, made.id)
    assert.equal(job.state, 'done')
    assert.deepEqual(job.pages, { done: 11, total: 11, failed: 0 })
    assert.deepEqual(job.documents?.map(({ name, state, pages }) => [name, state, pages.done]), [
      ['a/long.pdf', 'done', 10],
      ['picture.png', 'done', 1],
    ])
    const text = await get<{ name: string; pages: { index: number; blocks: unknown[] }[] }>(
      coordinator,
      `/v1/jobs/${job.id}/results/0.txt`,
    )
    assert.equal(text.name, 'a/long.pdf')
    assert.deepEqual(text.pages.map(({ index }) => index), numbered(10).map((_, i) => i))
    assert.match(JSON.stringify(text.pages[7]!.blocks), /"p7"/)
    const parts = node.batches.filter(({ message }) => message.task === 'open')
      .flatMap(({ message }) => message.items)
    assert.equal(parts.length, 4, 'three parts of at most four pages, and a picture')
  }))
