/** What the try-it page makes of an answer, and of a question. */
import assert from 'node:assert/strict'
import type { PipelineInfo, StageReport } from '../../src/client/types.ts'
import { foundIn } from '../../src/pages/try/found.ts'
import { curlOf, typescriptOf } from '../../src/pages/try/snippets.ts'
import { lanesOf } from '../../src/pages/try/timing.ts'

const question = {
  ...{ origin: 'http://localhost:8787', pipeline: 'ocr', file: 'page.jpg', type: 'image/jpeg' },
}

Deno.test('curlOf() says what is asked for and nothing else', () => {
  assert.equal(
    curlOf(question),
    [
      'curl -s \\',
      `  -H 'content-type: image/jpeg' \\`,
      '  --data-binary @page.jpg \\',
      '  http://localhost:8787/v1/pipelines/ocr/infer',
    ].join('\n'),
  )
  const more = curlOf({ ...question, timeoutMs: 800, minAccuracy: 0.9 })
  assert.match(more, /-H 'x-request-timeout-ms: 800' \\\n {2}-H 'x-min-accuracy: 0.9' \\\n/)
})

Deno.test('curlOf() and typescriptOf() let no file name out of its quotes', async () => {
  for (const file of [`it's; echo $HOME.png`, '`id` "a" \\ b.jpg', 'plain.jpg']) {
    const script = curlOf({ ...question, file }).replace('curl -s', 'printf "%s\\n"')
    const { stdout } = await new Deno.Command('sh', { args: ['-c', script] }).output()
    assert.ok(new TextDecoder().decode(stdout).split('\n').includes(`@${file}`), file)
    const source = typescriptOf({ ...question, file })
    const [, quoted] = /readFile\((.*)\),/.exec(source)!
    assert.equal(new Function(`return ${quoted}`)(), file)
  }
})

Deno.test('foundIn() reads boxes of corners and of two points, words and scores', () => {
  const corners = [[1, 1], [5, 1], [5, 3], [1, 3]]
  const { list, items } = foundIn({
    version: 1,
    lines: [
      { text: 'a', confidence: 0.5, box: corners },
      { label: 'cat', score: 0.9, box: [1, 1, 5, 3] },
      { strange: true, box: 'no' },
    ],
    animals: [{ label: 'dog' }],
  })
  assert.equal(list, 'lines and animals')
  assert.deepEqual(items, [
    { text: 'a', named: false, confidence: 0.5, box: corners },
    { text: 'cat', named: true, confidence: 0.9, box: corners },
    { text: '{"strange":true,"box":"no"}', named: true, confidence: null, box: null },
    { text: 'dog', named: true, confidence: null, box: null },
  ])
  assert.deepEqual(foundIn({}).items, [])
})

Deno.test('foundIn() reads what a detection found that nothing follows', () => {
  const box = [[1, 1], [5, 1], [5, 3], [1, 3]]
  const found = [{ kind: 'shoe', score: 0.9, box }, { kind: 'bag', score: 0.4, box }]
  assert.deepEqual(foundIn({ detect: [{ width: 320, height: 240, found }] }), {
    list: 'found',
    items: [
      { text: 'shoe', named: true, confidence: 0.9, box },
      { text: 'bag', named: true, confidence: 0.4, box },
    ],
  })
  assert.deepEqual(foundIn({ detect: [{ width: 320, height: 240, found: [] }] }).items, [])
})

Deno.test('lanesOf() lets a task begin when the task before it has ended', () => {
  const pipeline: PipelineInfo = {
    ...{ version: 1, takes: 'picture', generates: false },
    ...{ name: 'ocr', sloMs: 5000, weight: 1, root: 'detect', bestAccuracy: 1 },
    tasks: { detect: { next: ['recognise'], variants: {} }, recognise: { next: [], variants: {} } },
  }
  const stage = (task: string, node: string, queueMs: number, computeMs: number): StageReport => (
    {
      task,
      node,
      queueMs,
      computeMs,
      variant: 'v',
      backend: 'wasm',
      batch: 1,
      items: 1,
      networkMs: 2,
    }
  )
  const lanes = lanesOf(pipeline, [
    stage('recognise', 'one', 0, 30),
    stage('detect', 'one', 5, 100),
    stage('recognise', 'two', 0, 20),
    stage('recognise', 'one', 32, 30),
  ])
  assert.deepEqual(lanes.map(({ task, node, batches }) => [task, node, batches.length]), [
    ['detect', 'one', 1],
    ['recognise', 'one', 2],
    ['recognise', 'two', 1],
  ])
  assert.ok(lanes.slice(1).every(({ batches }) => batches.every(({ startMs }) => startMs === 107)))
})
