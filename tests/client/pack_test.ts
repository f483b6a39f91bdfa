/** The packed client: installed from its tarball, it runs in Node and in Deno, types included. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'
import { SAMPLE_PAGE, startServing, USUAL } from '../../src/cli/serve/serving.ts'
import { ofAll } from '../exhaustive.ts'

async function run(command: string, args: string[], cwd: string, env = {}): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(command, { args, cwd, env }).output()
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
  assert.equal(code, 0, `${command} ${args.join(' ')}: ${text(stderr)}${text(stdout)}`)
  return text(stdout)
}

const hasNpm = await new Deno.Command('npm', { args: ['--version'], stdout: 'null' }).output()
  .then(({ code }) => code === 0, () => false)

/** What must compile, and what must not, against the types of the package. */
const TYPED = `
import { createClient, type OcrOutputs, type PlanInfo, ShoalError } from 'shoal-client'
import type { TensorOutput, TensorQuery } from 'shoal-client'
const shoal = createClient('http://localhost:1', { key: 'k' })
const { outputs } = await shoal.infer<OcrOutputs>('ocr', new Uint8Array(1), { timeoutMs: 1 })
export const text: string = outputs.lines[0]!.text
export const plan: PlanInfo = await shoal.getPlan()
const query: TensorQuery = {
  inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: Float32Array.of(1, 2) }],
}
const told = await shoal.infer<{ tell: { scores: TensorOutput }[] }>('flowers', query)
export const first: number | undefined = told.outputs.tell[0]?.scores.data[0]
// @ts-expect-error: a tensor has a type
await shoal.infer('flowers', { inputs: [{ name: 'x', shape: [1], data: [1] }] })
for await (const { event, data } of shoal.events()) if (event === 'plan') data.mix
export const reason = (error: ShoalError) => error.reason === 'queue_full'
// @ts-expect-error: a deadline is a number
await shoal.infer('ocr', new Blob([]), { timeoutMs: 'soon' })
// @ts-expect-error: there is no such reason
export const none = (error: ShoalError) => error.reason === 'tired'
`

Deno.test(ofAll({
  name: `the client packs, installs without a network, and reads a page${
    hasNpm ? '' : ' (skipped: no npm)'
  }`,
  ignore: !hasNpm,
  async fn(t) {
    const folder = await Deno.makeTempDir()
    const built = join(folder, 'built')
    const app = join(folder, 'app')
    const serving = await startServing(undefined, { variants: USUAL })
    try {
      const node = serving.addNode('reader')
      await run(Deno.execPath(), ['run', '-A', 'src/cli/pack_client.ts', '--to', built], ROOT)
      await Deno.mkdir(app)
      const quiet = { npm_config_cache: join(folder, 'cache'), npm_config_update_notifier: 'false' }
      const [{ filename, files }] = JSON.parse(
        await run('npm', ['pack', '--json', '--pack-destination', app], built, quiet),
      )
      const names = (files as { path: string }[]).map(({ path }) => path)
      for (const name of ['mod.js', 'mod.d.ts', 'types.d.ts', 'README.md', 'LICENSE']) {
        assert.ok(names.includes(name), `${name} is not in ${names}`)
      }
      await Deno.writeTextFile(join(app, 'package.json'), '{"private":true,"type":"module"}')
      await run('npm', ['install', '--offline', '--no-audit', '--no-fund', filename], app, quiet)
      await Deno.copyFile(join(ROOT, 'demo', 'client.mjs'), join(app, 'client.mjs'))
      await Deno.writeTextFile(join(app, 'typed.ts'), TYPED)
      await node

      const example = ['client.mjs', serving.url, 'ocr', SAMPLE_PAGE]
      const read: string[] = []
      await t.step('in Node', async () => void read.push(await run('node', example, app)))
      await t.step(
        'in Deno',
        async () => void read.push(await run(Deno.execPath(), ['run', '-A', ...example], app)),
      )
      await t.step(
        'with its types',
        async () => void await run(Deno.execPath(), ['check', '--quiet', 'typed.ts'], app),
      )
      // By which variants is up to what else the machine does, and so is how well it is read.
      assert.deepEqual(read.map((text) => text.trim().split('\n').length), [11, 11])
      for (const text of read) assert.match(text, /^The Harbour Office\n/)
      await t.step('an error has its reason', async () => {
        const args = ['client.mjs', serving.url, 'nothing', SAMPLE_PAGE]
        const { code, stderr } = await new Deno.Command('node', { args, cwd: app }).output()
        assert.equal(code, 1)
        assert.match(new TextDecoder().decode(stderr), /^unknown_pipeline: Cannot find/)
      })
    } finally {
      await serving.end()
      await Deno.remove(folder, { recursive: true })
    }
  },
}))
