/** Documents that end the coordinator: after a restart they are set aside, and others go on. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { ROOT } from '../../../src/cli/root.ts'
import { createClient } from '../../../src/client/mod.ts'

const CHILD = join(ROOT, 'tests', 'coordinator', 'jobs', 'killed_child.ts')

function start(store: string) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ['run', '-A', '--no-check', CHILD, store],
    stdout: 'piped',
    stderr: 'null',
  }).spawn()
  const said = child.stdout.pipeThrough(new TextDecoderStream()).getReader()
  /** Undefined where it ended before it said it. */
  const url = async () => (await said.read()).value?.match(/^url (\S+)/)?.[1]
  const kill = async () => {
    child.kill('SIGKILL')
    await child.status
    await said.cancel()
  }
  return { ended: child.status, url, kill, said }
}

Deno.test('a document that ends the coordinator twice is set aside, and the others go on', async () => {
  const dir = await Deno.makeTempDir()
  const store = join(dir, 'store.sqlite')
  try {
    const first = start(store)
    const shoal = createClient((await first.url())!)
    const { id: innocent } = await shoal.jobs.create([{ name: 'a.pdf', data: 'page a' }])
    const deadly = [{ name: 'b.pdf', data: 'page b' }, { name: 'deadly.pdf', data: 'kill' }]
    await assert.rejects(shoal.jobs.create(deadly))
    assert.equal((await first.ended).signal, 'SIGKILL')
    await first.said.cancel()

    // The same document again.
    const second = start(store)
    assert.equal((await second.ended).signal, 'SIGKILL')
    await second.said.cancel()

    const third = start(store)
    try {
      const again = createClient((await third.url())!)
      const all = await again.jobs.list()
      const guilty = all.find(({ id }) => id !== innocent)!.id
      const counted = async (id: string) => {
        for await (const _ of again.jobs.events(id)) {
          const job = await again.jobs.get(id)
          if (job.pages.total !== null) return job
        }
        throw new Error('it was never counted')
      }
      const { documents } = await counted(guilty)
      assert.deepEqual(documents!.map(({ state }) => state), ['queued', 'failed'])
      assert.match(
        documents![1]!.error!.message,
        /Cannot open deadly.pdf: the coordinator ended 2 times while it was being opened/,
      )
      assert.deepEqual((await counted(innocent)).pages, { done: 0, total: 1, failed: 0 })
    } finally {
      await third.kill()
    }
  } finally {
    await Deno.remove(dir, { recursive: true })
  }
})
