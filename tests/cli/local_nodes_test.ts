import assert from 'node:assert/strict'
import { sharedWatts, startLocalNodes } from '../../src/cli/serve/local_nodes.ts'
import { withCoordinator } from '../coordinator/fixture.ts'

/** Processes with these words in their command line, as Linux tells. */
async function processesOf(...words: string[]): Promise<number[]> {
  const found: number[] = []
  for await (const { name } of Deno.readDir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const line = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => '')
    if (words.every((word) => line.split('\0').includes(word))) found.push(Number(name))
  }
  return found
}

Deno.test('sharedWatts() has the nodes of one machine take together what one alone is taken to', () => {
  assert.deepEqual(sharedWatts(0), [])
  assert.deepEqual(sharedWatts(1), [])
  assert.deepEqual(sharedWatts(4), ['--watts', '5,20'])
})

const isLinux = Deno.build.os === 'linux'
Deno.test({
  name: 'a node that dies is started again, and one that hangs does not keep start from ending' +
    (isLinux ? '' : ' (skipped: finds its processes in /proc, which only Linux has)'),
  ignore: !isLinux,
  fn: () =>
    withCoordinator(async ({ url, pool }) => {
      const lines: string[] = []
      const local = startLocalNodes(url, 1, (line) => lines.push(line), '', ['--slots', '1'])
      const joined = async (isThere: boolean) => {
        while (pool.nodes().length !== Number(isThere)) {
          await new Promise((done) => setTimeout(done, 5))
        }
        const [pid, ...more] = await processesOf('--join', url, 'local-1')
        assert.deepEqual(more, [])
        return pid
      }
      const first = (await joined(true))!
      Deno.kill(first, 'SIGKILL')
      assert.equal(await joined(false), undefined)
      const second = (await joined(true))!
      assert.notEqual(second, first)
      assert.deepEqual(lines, ['node local-1 ended (SIGKILL)'])
      // As one whose only thread is busy for ever: it hears of no wish to end.
      Deno.kill(second, 'SIGSTOP')
      await local.stop()
      assert.deepEqual(await processesOf('--join', url), [])
    }),
})
