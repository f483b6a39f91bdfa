/** Descriptors run out: nobody is turned away for longer than that lasts. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'
import { encode, rawGet } from '../coordinator/raw_socket.ts'
import { follow } from './coordinator_process.ts'

Deno.test({
  name: 'listen() listens anew after accepting failed, and serves who is connected meanwhile',
  ignore: Deno.build.os === 'windows',
  async fn() {
    const child = new Deno.Command('sh', {
      args: [
        ...['-c', 'ulimit -n 100; exec "$0" run -A --no-check "$1"', Deno.execPath()],
        join(ROOT, 'tests/cli/crowded_child.ts'),
      ],
      ...{ stdin: 'piped', stdout: 'piped' } as const,
    }).spawn()
    const { until, ended } = follow(child.stdout)
    const input = child.stdin.getWriter()
    try {
      const port = Number((await until(/port \d+/)).slice(5))
      const inside = await Deno.connect({ hostname: '127.0.0.1', port })
      const ask = async (path: string, answer: RegExp) => {
        await inside.write(rawGet(path))
        const bytes = new Uint8Array(4096)
        for (let text = ''; !answer.test(text);) {
          const size = await inside.read(bytes)
          assert.ok(size !== null, text)
          text += new TextDecoder().decode(bytes.subarray(0, size))
        }
      }
      await ask('/fill', /Too many open files/)
      const outside = await Deno.connect({ hostname: '127.0.0.1', port }).catch(() => undefined)
      await until(/cannot take connections on port \d+: .*: listening anew/)
      outside?.close()
      await ask('/', /answered/)

      await input.write(encode('\n'))
      for (let answer = ''; answer !== 'answered';) {
        answer = await fetch(`http://127.0.0.1:${port}/`).then((one) => one.text(), () => '')
      }
      inside.close()
      await input.close()
      await until(/closed/)
    } finally {
      child.kill('SIGKILL')
      await child.status
      await ended
    }
  },
})
