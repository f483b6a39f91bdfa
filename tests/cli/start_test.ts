/** The command a newcomer runs, from outside: its output, one page, and its end. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { InferAnswer, OcrOutputs } from '../../src/client/types.ts'
import { ROOT } from '../../src/cli/root.ts'
import { isAll } from '../exhaustive.ts'
import { PIXEL_PNG } from '../coordinator/fixture.ts'
import { onnxOf } from '../pipeline/onnx.ts'
import { inFolder } from './own_scene.ts'

const SAMPLES = join(ROOT, 'demo', 'samples')

async function start(...args: string[]) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ['run', '-A', join(ROOT, 'src', 'cli', 'start.ts'), '--port', '0', ...args],
    stdin: 'null',
    stdout: 'piped',
    stderr: 'piped',
  }).spawn()
  const stderr = new Response(child.stderr).text()
  let stdout = ''
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader()
  for (;;) {
    const { done, value } = await lines.read()
    if (done) break
    stdout += value
    if (stdout.includes('joins with')) break
  }
  const url = /http:\/\/localhost:\d+/.exec(stdout)?.[0] ?? ''
  return {
    url,
    stdout,
    async stop() {
      child.kill('SIGTERM')
      while (!(await lines.read()).done);
      const { code } = await child.status
      return { code, stderr: await stderr }
    },
  }
}

Deno.test('start serves: the sample page is read, bad pictures are told so, SIGTERM ends it all', async (t) => {
  const started = await start()
  assert.notEqual(started.url, '', started.stdout)
  const read = (body: BodyInit, type: string, headers: Record<string, string> = {}) =>
    fetch(`${started.url}/v1/pipelines/ocr/infer`, {
      method: 'POST',
      headers: { 'content-type': type, 'x-request-timeout-ms': '60000', ...headers },
      body,
    })
  const page = await Deno.readFile(join(SAMPLES, 'page.jpg'))

  await t.step('each line of the output that names a URL is true', async () => {
    for (const line of started.stdout.trim().split('\n')) {
      const url = /http:\S+/.exec(line)?.[0] ?? assert.fail(line)
      if (line.includes('POST') || line.includes('joins')) continue
      const response = await fetch(url)
      assert.equal(response.status, 200, url)
      await response.body?.cancel()
    }
  })

  await t.step('the sample page comes back as its lines', async () => {
    const response = await read(page, 'image/jpeg')
    assert.equal(response.status, 200)
    const answer = await response.json() as InferAnswer<OcrOutputs>
    const truth = (await Deno.readTextFile(join(SAMPLES, 'page.txt'))).trim().split('\n')
    assert.equal(answer.outputs.lines.length, truth.length)
    const squeeze = (text: string) => text.replaceAll(/\s/g, '').toLowerCase()
    const same = answer.outputs.lines.filter(({ text }, i) =>
      squeeze(text) === squeeze(truth[i] ?? '')
    )
    assert.ok(same.length >= truth.length - 2, JSON.stringify(answer.outputs.lines))
    assert.ok(answer.accuracy > 0.88)
    for (const { box, confidence } of answer.outputs.lines) {
      assert.equal(box.length, 4)
      assert.ok(confidence > 0 && confidence <= 1)
    }
  })

  const bad: [string, BodyInit, string, number, string][] = [
    ['a truncated JPEG', page.slice(0, page.length >> 1), 'image/jpeg', 400, 'invalid_input'],
    ['a JPEG with its last bytes gone', page.slice(0, -4), 'image/jpeg', 400, 'invalid_input'],
    ['a truncated PNG', PIXEL_PNG.slice(0, 50), 'image/png', 400, 'invalid_input'],
    ['text called image/png', 'text', 'image/png', 400, 'invalid_input'],
  ]
  for (const [what, body, type, status, reason] of bad) {
    await t.step(`${what} gets ${status} ${reason}`, async () => {
      const response = await read(body, type)
      assert.equal(response.status, status)
      assert.equal((await response.json()).reason, reason)
    })
  }

  await t.step('a picture of one pixel is read as nothing', async () => {
    const response = await read(PIXEL_PNG, 'image/png')
    assert.equal(response.status, 200)
    assert.deepEqual((await response.json()).outputs, { lines: [] })
  })

  await t.step('a deadline that cannot be met is refused at once', async () => {
    const response = await read(page, 'image/jpeg', { 'x-request-timeout-ms': '20' })
    assert.equal(response.status, 503)
    assert.equal((await response.json()).reason, 'infeasible_deadline')
  })

  await t.step('a least accuracy asked for is kept, or refused when no path has it', async () => {
    const good = await read(page, 'image/jpeg', { 'x-min-accuracy': '0.85' })
    assert.equal(good.status, 200)
    assert.ok((await good.json()).accuracy >= 0.85)
    const none = await read(page, 'image/jpeg', { 'x-min-accuracy': '0.999' })
    assert.equal(none.status, 503)
    assert.equal((await none.json()).reason, 'no_capable_node')
  })

  await t.step(
    'SIGTERM answers what is inside, takes nothing new, ends it with code 0',
    async () => {
      const inside = [1, 2].map(() => read(page, 'image/jpeg'))
      let early: Response | undefined
      for (const answer of inside) void answer.then((response) => early = response)
      for (let inFlight = 0; inFlight < 2;) {
        if (early !== undefined) assert.fail(`answered already: ${await early.clone().text()}`)
        const { pipelines } = await (await fetch(`${started.url}/v1/stats`)).json()
        inFlight = pipelines.ocr.inFlight
      }
      const stopped = started.stop()
      for (;;) {
        // Refused with a reason, or by a port that is closed already.
        const response = await read(page, 'image/jpeg').catch(() => undefined)
        if (response === undefined) break
        const { reason } = await response.json()
        if (reason === 'draining') {
          assert.equal(response.status, 503)
          break
        }
      }
      for (const answer of inside) {
        const response = await answer
        assert.equal(response.status, 200)
        assert.ok((await response.json()).outputs.lines.length > 5)
      }
      const { code, stderr } = await stopped
      assert.equal(code, 0, stderr)
      await assert.rejects(fetch(started.url))
    },
  )
})

const picturesTaken = {
  'pipeline.json': {
    ...{ schema: 'shoal-pipeline/1', name: 'own', sloMs: 1000, root: 'read' },
    tasks: {
      read: {
        kind: 'text-recognition',
        variants: { only: { accuracy: 1, model: 'a.onnx', input: { height: 48, width: 96 } } },
      },
    },
  },
  'a.onnx': onnxOf({
    inputs: { x: ['N', 3, 48, 'W'] },
    outputs: { y: ['N', 'T', 96] },
    nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }],
  }),
}

Deno.test('start names the sample that is no picture', () =>
  inFolder(
    { ...picturesTaken, 'samples/a.png/other.txt': 'a folder', 'samples/b.png': 'text' },
    async (dir) => {
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ['run', '-A', join(ROOT, 'src', 'cli', 'start.ts'), '--port', '0', '--pipeline', dir],
        stdin: 'null',
      }).output()
      const said = new TextDecoder().decode(stderr)
      assert.equal(code, 1)
      assert.match(said, /^Cannot use .*b\.png as a sample: /m)
      assert.doesNotMatch(said, /\n\s+at /)
    },
  ))

Deno.test('start says what is wrong with its arguments and files, and ends with code 1', async (t) => {
  const dir = await Deno.makeTempDir()
  await Deno.writeTextFile(join(dir, 'pipeline.json'), '{"schema": "shoal-pipeline/1"}')
  const cases: [string[], RegExp][] = [
    [['--port', 'x'], /Cannot use --port/],
    [['--memory', '0'], /Cannot use --memory: must be an integer 1\.\./],
    [['--nodes', '-1'], /--nodes/],
    [['--policy', 'none'], /Cannot use --policy: must be one of shoal, static/],
    [['--unheard-of'], /unheard-of/],
    [
      ['--allow-host', 'https://pool.example'],
      /Cannot use --allow-host: must be a name as pool\.example/,
    ],
    [['--host', ''], /Cannot use --host: must be an address as 127\.0\.0\.1 or ::1: received $/m],
    [['--pipeline', dir], /Cannot use pipeline .*pipeline\.json: name: /],
    [['--pipeline', '/nowhere'], /Cannot use pipeline .*cannot be read/],
    [
      [
        // Of the addresses that are for examples.
        ...['--host', '203.0.113.5', '--token', 'a-token-as-long-as-need-be', '--store', 'off'],
        ...['--pipeline', join(ROOT, 'profiles', 'shelf')],
      ],
      /^Cannot serve on 203\.0\.113\.5: it is no address of this machine/m,
    ],
  ]
  // Each is a process of its own: without --all every second one.
  for (const [args, message] of cases.filter((_, i) => isAll || i % 2 === 0)) {
    await t.step(args.join(' '), async () => {
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ['run', '-A', join(ROOT, 'src', 'cli', 'start.ts'), ...args],
        stdin: 'null',
      }).output()
      const said = new TextDecoder().decode(stderr)
      assert.equal(code, 1)
      assert.match(said, message)
      assert.doesNotMatch(said, /\n\s+at /)
    })
  }
  await Deno.remove(dir, { recursive: true })
})
