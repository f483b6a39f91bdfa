/** A coordinator that is killed in mid-job, and started again. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { ROOT } from '../../../src/cli/root.ts'
import { createClient } from '../../../src/client/mod.ts'
import { numbered, pagesOf } from './scene.ts'

const CHILD = join(ROOT, 'tests', 'coordinator', 'jobs', 'jobs_child.ts')

/** With what it says, line by line. */
function start(store: string, most: number) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ['run', '-A', '--no-check', CHILD, store, String(most)],
    stdout: 'piped',
    stderr: 'inherit',
  }).spawn()
  const asked: string[] = []
  const url = Promise.withResolvers<string>()
  const read = async () => {
    let rest = ''
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split('\n')
      rest = lines.pop()!
      for (const line of lines) {
        if (line.startsWith('url ')) url.resolve(line.slice(4))
        if (line.startsWith('asked ')) asked.push(...line.slice(6).split(','))
      }
    }
  }
  return {
    ...{ asked, url: url.promise, read: read() },
    async kill() {
      child.kill('SIGKILL')
      await child.status
      await this.read
    },
  }
}

Deno.test('a job goes on where a coordinator was killed: no page is lost, none is read twice', async () => {
  const dir = await Deno.makeTempDir()
  const store = join(dir, 'deep', 'store.sqlite')
  try {
    const words = numbered(30)
    const first = start(store, 12)
    const shoal = createClient(await first.url)
    const { id } = await shoal.jobs.create(
      [{ name: 'long.pdf', data: pagesOf(words) }, { name: 'bad.pdf', data: 'none' }],
      { by: new Date(Date.now() + 3600_000) },
    )
    const done = new Set<string>()
    const listening = new AbortController()
    try {
      for await (const { event, data } of shoal.jobs.events(id, listening.signal)) {
        if (event === 'page') done.add(`page p${data.index}`)
        const { pages } = await shoal.jobs.get(id)
        if (pages.done === 12) break
      }
    } finally {
      listening.abort()
    }
    await first.kill()
    assert.equal(first.asked.length, 12)
    // As a disk leaves it that lost what was written last.
    const parts = join(dir, 'deep', 'store.jobs', id, 'parts')
    const names = [...Deno.readDirSync(parts)].map(({ name }) => name).sort()
    assert.deepEqual(names, ['0-0-4.json', '0-4-4.json', '0-8-4.json'])
    await Deno.truncate(join(parts, names[1]!), 40)

    const second = start(store, Infinity)
    const again = createClient(await second.url)
    for await (const { event } of again.jobs.events(id)) if (event === 'end') break
    const job = await again.jobs.get(id)
    assert.equal(job.state, 'done')
    assert.deepEqual(job.pages, { done: 30, total: 30, failed: 0 })
    assert.deepEqual(job.documents?.map(({ state }) => state), ['done', 'failed'])
    assert.equal(job.inTime, true)
    const written = JSON.parse(await (await again.jobs.result(id, 0, 'json')).text())
    assert.deepEqual(
      written.pages.map((page: { index: number }) => page.index),
      words.map((_, i) => i),
    )
    const expected = [...words.slice(4, 8), ...words.slice(12)].map((word) => `page ${word}`)
    assert.deepEqual(second.asked.toSorted(), expected.toSorted(), 'what was done is not asked')
    await second.kill()

    const third = start(store, Infinity)
    const kept = createClient(await third.url)
    // Its end may have been too late for the store: then it is found anew, and nothing is asked.
    for await (const { event } of kept.jobs.events(id)) if (event === 'end') break
    assert.deepEqual((await kept.jobs.get(id)).pages, job.pages)
    await kept.jobs.remove(id)
    assert.deepEqual(await kept.jobs.list(), [])
    await assert.rejects(Deno.stat(join(dir, 'deep', 'store.jobs', id)))
    await third.kill()
    assert.deepEqual(third.asked, [])
  } finally {
    await Deno.remove(dir, { recursive: true })
  }
})
