/** What the coordinator says, at each level and in both formats. */
import assert from 'node:assert/strict'
import { createLog, type LogFormat, type LogLevel } from '../../src/coordinator/core/log.ts'
import { type NodeMessage, PROTOCOL_VERSION } from '../../src/protocol/mod.ts'
import { ask, joinScripted, untilReady, withCoordinator } from './fixture.ts'

Deno.test('createLog() leaves out what is below its level', () => {
  const said = (level: LogLevel) => {
    const lines: string[] = []
    const log = createLog(level, 'text', (line) => lines.push(line))
    log.debug?.('a')
    log('b')
    log('c', 'warn')
    log('d', 'error')
    return lines.join('')
  }
  assert.deepEqual((['debug', 'info', 'warn', 'error'] as const).map(said), [
    ...['abcd', 'bcd', 'cd', 'd'],
  ])
})

/** A node joins, answers a query, a request is refused, the node leaves. */
async function linesOf(level: LogLevel, format: LogFormat): Promise<string[]> {
  const lines: string[] = []
  const log = createLog(level, format, (line) => lines.push(line), () => Date.UTC(2024, 1, 29))
  await withCoordinator(
    async (coordinator) => {
      const node = await joinScripted(coordinator, 'one')
      await untilReady(coordinator)
      await (await ask(coordinator, { 'x-request-id': 'q1' })).body?.cancel()
      await (await ask(coordinator, {}, 'no picture')).body?.cancel()
      await node.leave()
      while (coordinator.pool.nodes().length > 0) await new Promise((done) => setTimeout(done, 1))
    },
    undefined,
    { log },
  )
  return lines
}

Deno.test('a coordinator speaks to people in lines', async () => {
  const [joined, left, ...more] = await linesOf('info', 'text')
  assert.equal(joined, 'node one joined (wasm, 1 slot)')
  assert.match(left ?? '', /^node one left: closed with/)
  assert.deepEqual(more, [])
})

Deno.test('a coordinator speaks to machines in JSON, and of each query at level debug', async () => {
  const entries = (await linesOf('debug', 'json')).map((line) => JSON.parse(line))
  for (const { time, level, message, event } of entries) {
    assert.equal(time, '2024-02-29T00:00:00.000Z')
    assert.ok(['debug', 'info', 'warn', 'error'].includes(level))
    assert.equal(typeof message, 'string')
    assert.equal(typeof event, 'string')
  }
  const of = (event: string) =>
    entries.find((entry) => entry.event === event) ?? assert.fail(`no ${event}`)
  assert.equal(of('node_joined').level, 'info')
  assert.equal(of('node_joined').node, 'one')
  assert.equal(of('node_left').name, 'one')
  const query = of('query')
  assert.deepEqual([query.level, query.id, query.pipeline], ['debug', 'q1', 'words'])
  assert.ok(query.latencyMs > 0)
  assert.equal(of('refused').reason, 'invalid_input')
})

Deno.test('a node that says the same without end fills no log, and the others are heard', async () => {
  const lines: string[] = []
  await withCoordinator(
    async ({ pool, ...coordinator }) => {
      const node = await joinScripted({ pool, ...coordinator }, 'loud')
      for (let batch = 0; batch < 3000; batch++) {
        node.send({ type: 'batch_failed', batch, message: 'of no interest' })
      }
      await node.leave()
      while (pool.nodes().length > 0) await new Promise((done) => setTimeout(done, 1))
      const other = await joinScripted({ pool, ...coordinator }, 'quiet')
      other.send({ type: 'batch_failed', batch: 1, message: 'of some interest' })
      await other.leave()
      while (pool.nodes().length > 0) await new Promise((done) => setTimeout(done, 1))
    },
    undefined,
    { log: (line) => void lines.push(line) },
  )
  const count = (part: string) => lines.filter((line) => line.includes(part)).length
  const told = count('of no interest')
  assert.ok(told > 100 && told < 1000, `${told} lines`)
  assert.equal(count('node loud says too much'), 1)
  assert.equal(count('node quiet lost a batch: of some interest'), 1)
})

Deno.test('nodes that come and go without end fill no log, whatever they call themselves', async () => {
  for (const isOther of [false, true]) {
    const lines: string[] = []
    await withCoordinator(
      ({ pool }) => {
        const ref = { slot: 0, pipeline: 'words', task: 'find', variant: 'fast' }
        for (let i = 0; i < 3000; i++) {
          const link = pool.connect({ send() {}, close() {} }, () => null)
          const say = (message: NodeMessage) => link.receive(JSON.stringify(message))
          const nodeId = `n${isOther ? i : 0}`
          say({ type: 'hello', protocol: PROTOCOL_VERSION, nodeId, epoch: i })
          for (let k = 0; k < 3; k++) say({ type: 'load_failed', message: 'no', ...ref })
          link.lost('gone')
        }
        return Promise.resolve()
      },
      undefined,
      { log: (line) => void lines.push(line) },
    )
    const most = isOther ? 6000 : 1000
    assert.ok(lines.length > 100 && lines.length < most, `${lines.length} lines`)
    assert.equal(lines.filter((line) => line.includes('too much')).length, 1)
  }
})
