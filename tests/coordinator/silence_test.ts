/** Whose work goes elsewhere when it falls silent: only where somebody is there to do it. */
import assert from 'node:assert/strict'
import { noteJudgement } from '../../src/coordinator/pool/commands.ts'
import { addInstance, createPooledNode } from '../../src/coordinator/nodes/nodes.ts'
import { createSilence } from '../../src/coordinator/pool/silence.ts'

type Link = Parameters<typeof createPooledNode>[0]
type Hello = Parameters<typeof createPooledNode>[1]

const find = { pipeline: 'ocr', task: 'find', variant: 'small' }
const read = { pipeline: 'ocr', task: 'read', variant: 'small' }

function poolOf(...ids: string[]) {
  const nodes = new Map(ids.map((id) => {
    const node = createPooledNode({} as Link, { nodeId: id } as Hello)
    addInstance(node, 0, find)
    return [id, node]
  }))
  const abandoned: string[] = []
  const batches = { abandon: ({ id }: { id: string }) => void abandoned.push(id) }
  const weighSilence = createSilence({ nodes, batches, post: () => {}, log: () => {} })
  return {
    abandoned,
    isSidelined: (id: string) => nodes.get(id)!.sidelined,
    ready(id: string, what: typeof find) {
      addInstance(nodes.get(id)!, 0, what)
      weighSilence()
    },
    silent(id: string) {
      nodes.get(id)!.silent = true
      weighSilence()
    },
    judge: (node: string, standing: 'quarantined' | 'proving') =>
      noteJudgement({ type: 'judged', node, standing, reason: 'a test' }, {
        ...{ nodes, batches, weighSilence, telemetry: { judged: () => {} }, log: () => {} },
      }),
  }
}

Deno.test('what a silent node has goes to another, but not to one in quarantine', () => {
  const pool = poolOf('silent', 'other')
  pool.judge('other', 'quarantined')
  pool.silent('silent')
  assert.equal(pool.isSidelined('silent'), false)
  // What the liar had went elsewhere, and the silent one kept what it had.
  assert.deepEqual(pool.abandoned, ['other'])
  pool.judge('other', 'proving')
  assert.equal(pool.isSidelined('silent'), true)
  assert.deepEqual(pool.abandoned, ['other', 'silent'])
})

Deno.test('a silent node is taken back when the last other turns out to lie', () => {
  const pool = poolOf('silent', 'other')
  pool.silent('silent')
  assert.equal(pool.isSidelined('silent'), true)
  pool.judge('other', 'quarantined')
  assert.equal(pool.isSidelined('silent'), false)
})

Deno.test('a silent node keeps what it has until others do each of its tasks', () => {
  const pool = poolOf('silent', 'other')
  pool.ready('silent', read)
  pool.silent('silent')
  assert.equal(pool.isSidelined('silent'), false)
  assert.deepEqual(pool.abandoned, [])
  pool.ready('other', read)
  assert.equal(pool.isSidelined('silent'), true)
  assert.deepEqual(pool.abandoned, ['silent'])
})
