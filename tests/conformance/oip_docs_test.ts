/** The commands that docs/API.md has for the protocol, run as they stand there. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'
import { startServing, USUAL } from '../../src/cli/serve/serving.ts'

const page = await Deno.readTextFile(join(ROOT, 'docs', 'API.md'))
const commands = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text)
  .filter((text) => text.includes('/v2/models/ocr/infer'))

const hasShell = await new Deno.Command('sh', { args: ['-c', 'command -v curl base64'] }).output()
  .then(({ success }) => success, () => false)

Deno.test({
  name: `docs/API.md asks in the Open Inference Protocol with curl${
    hasShell ? '' : ' (skipped: no sh, curl or base64 here)'
  }`,
  ignore: !hasShell,
  async fn() {
    equal(commands.length, 2)
    const serving = await startServing(undefined, { variants: USUAL })
    try {
      await serving.addNode('reader')
      for (const command of commands) {
        const asked = command.replace('localhost:8787', new URL(serving.url).host)
          // A busy machine has all the time it wants.
          .replace('"timeout": 5000000', '"timeout": 60000000')
          .replace('curl -s ', `curl -s -H 'x-request-timeout-ms: 60000' `)
        const { stdout, stderr, success } = await new Deno.Command('sh', {
          ...{ args: ['-ec', asked], cwd: ROOT, stdin: 'null' },
        }).output()
        const say = new TextDecoder()
        ok(success, say.decode(stderr))
        const { outputs, id, error } = JSON.parse(say.decode(stdout))
        equal(error, undefined)
        const found = Object.fromEntries(
          outputs.map(({ name, data }: { name: string; data: unknown[] }) => [name, data]),
        )
        // By which variants is up to what else the machine does, and so is how well it is read.
        equal(found.text.length, 11)
        if (!command.includes('"outputs"')) continue
        equal(id, '42')
        deepEqual(Object.keys(found), ['text', 'count'])
      }
    } finally {
      await serving.end()
    }
  },
})
