/** The walk of docs/OWN-MODELS.md, as a person takes it: its files, its commands, its answers. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'
import { onnxOf } from '../pipeline/onnx.ts'
import { writeFiles } from './own_scene.ts'

const page = await Deno.readTextFile(join(ROOT, 'docs', 'OWN-MODELS.md'))

interface Block {
  /** `sh`, `json`, ... and the rest of its first line: the file that it is, or `answer`. */
  kind: string
  name: string
  text: string
}

const blocks: Block[] = [...page.matchAll(/^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm)]
  .map(([, kind = '', name = '', text = '']) => ({ kind, name, text }))

/** scores = x W; the small one takes lilies for roses. */
const flowers = (columns: number[][]) =>
  onnxOf({
    inputs: { x: ['N', 4] },
    outputs: { scores: ['N', 3] },
    weights: {
      w: { dims: [4, 3], values: [0, 1, 2, 3].flatMap((row) => columns.map((one) => one[row]!)) },
    },
    nodes: [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['scores'] }],
  })

/** What a command says, as JSON. */
function contains(found: unknown, wanted: unknown, at = ''): void {
  if (wanted === null || typeof wanted !== 'object' || Array.isArray(wanted)) {
    return deepEqual(found, wanted, `${at}: ${JSON.stringify(found)}`)
  }
  for (const [key, value] of Object.entries(wanted)) {
    contains((found as Record<string, unknown>)?.[key], value, `${at}.${key}`)
  }
}

async function shell(command: string, env: Record<string, string>): Promise<string> {
  const { stdout, stderr, success } = await new Deno.Command('sh', {
    ...{ args: ['-ec', command], cwd: ROOT, env, stdin: 'null' },
  }).output()
  const say = new TextDecoder()
  ok(success, `${command}\n${say.decode(stderr)}`)
  return say.decode(stdout)
}

async function start(command: string, env: Record<string, string>) {
  const child = new Deno.Command('sh', {
    ...{ args: ['-c', `exec ${command.trim()}`], cwd: ROOT, env, stdin: 'null' },
    ...{ stdout: 'piped', stderr: 'inherit' },
  }).spawn()
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader()
  let said = ''
  for (;;) {
    const { done, value } = await lines.read()
    ok(!done, `it ended: ${said}`)
    said += value
    if (said.includes('joins with')) break
  }
  return {
    port: /localhost:(\d+)/.exec(said)?.[1] ?? '',
    said,
    async stop() {
      child.kill('SIGTERM')
      while (!(await lines.read()).done);
      await child.status
    },
  }
}

const hasShell = await new Deno.Command('sh', { args: ['-c', 'command -v curl'], stdout: 'null' })
  .output().then(({ success }) => success, () => false)

Deno.test({
  name: 'docs/OWN-MODELS.md leads from an .onnx file to an answer' +
    (hasShell ? '' : ' (skipped: no sh or no curl here)'),
  ignore: !hasShell,
  async fn() {
    const top = await Deno.makeTempDir()
    const dir = join(top, 'flowers')
    const env = {
      SHOAL_CACHE: join(top, 'cache'),
      PATH: `${dirname(Deno.execPath())}:${Deno.env.get('PATH')}`,
      NO_COLOR: '1',
    }
    const [a, b, c] = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]] as const
    await writeFiles(dir, {
      'large.onnx': flowers([[...a], [...b], [...c]]),
      'small.onnx': flowers([[2, 0, 0.5, 0], [...b], [...c]]),
    })
    const serving: { stop(): Promise<void>; port: string; said: string }[] = []
    let said = ''
    let answers = 0
    try {
      for (const { kind, name, text } of blocks) {
        const command = text.replaceAll('../flowers', dir)
          .replaceAll('localhost:8787', `localhost:${serving[0]?.port}`)
        if (kind === 'sh' && text.startsWith('deno task start')) {
          serving.push(await start(`${command.trim()} --port 0`, env))
          ok(serving[0]!.said.includes('flowers/infer  send tensors here'), serving[0]!.said)
        } else if (kind === 'sh') said = await shell(command, env)
        else if (kind === 'ts' && text.includes("from 'shoal'")) {
          await writeFiles(dir, { 'stage.ts': text })
          await shell(`deno check -q ${dir}/stage.ts`, env)
        } else if (kind === 'ts' && text.includes("from 'shoal-client'")) {
          await writeFiles(top, { 'ask.ts': command })
          said = await shell(`deno run -A -q --check --config deno.json ${top}/ask.ts`, env)
        } else if (name === 'answer') {
          contains(JSON.parse(said.replaceAll(`${top}/`, '')), JSON.parse(text))
          answers++
        } else if (name.startsWith('flowers/')) {
          await writeFiles(top, { [name]: text })
        }
        if (text.startsWith('deno task profile')) {
          const read = async (file: string) => JSON.parse(await Deno.readTextFile(join(dir, file)))
          const { tasks, pathAccuracy } = await read('pipeline.json')
          const { large, small } = tasks.tell.variants
          deepEqual([large.accuracy, small.accuracy], [1, 0.75])
          ok(large.referenceMs > 0 && small.referenceMs > 0)
          equal(pathAccuracy.length, 2)
          const { variants, set } = await read('measured.json')
          deepEqual(set, { kind: 'labelled files', files: 4, labels: 4, answers: 4 })
          deepEqual(
            variants[0].batches.map(({ batch }: { batch: number }) => batch),
            [1, 2, 4, 8],
          )
          ok(/large .*1\.0000/.test(said) && /small .*0\.7500/.test(said), said)
        }
      }
      ok(answers >= 4 && serving.length === 1)
    } finally {
      for (const one of serving) await one.stop()
      await Deno.remove(top, { recursive: true })
    }
  },
})
