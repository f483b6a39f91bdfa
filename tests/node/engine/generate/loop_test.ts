/** The loop: what a sequence says does not depend on who else is there, and nobody waits for no reason. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { EngineError } from '../../../../src/node/engine/answer.ts'
import type { Layout } from './made_decoder.ts'
import { generated, scene, script, SLOT, tokenizer } from './scene.ts'

const PROMPTS = [
  ...['a', 'what is this', 'total: 12.50', 'the quick brown fox jumps over the lazy dog, twice'],
  ...['zzz', 'row row row your boat gently down the stream', '{"k":1}', 'q w e r t y'],
]
const asks = PROMPTS.map((_, n) => n % 2 === 0 ? {} : { temperature: 1, topP: 0.9, seed: n })
const LAYOUTS: Layout[] = [SLOT, { kind: 'cat' }, { kind: 'cat', isMerged: true }]

/** What each prompt is answered with, nothing else running. */
async function aloneWith(layout: Layout): Promise<number[][]> {
  const { ask } = await scene({ layout, task: { rows: 1 } })
  const answers: number[][] = []
  for (const [n, prompt] of PROMPTS.entries()) {
    answers.push(generated(await ask(prompt, { ask: asks[n]! })).ids)
  }
  return answers
}

for (const layout of LAYOUTS) {
  const name = JSON.stringify(layout)
  Deno.test(`eight together say what each says alone, ${name}`, async () => {
    const expected = await aloneWith(layout)
    ok(new Set(expected.map(String)).size === PROMPTS.length, 'they differ')
    const { ask, runs, loop } = await scene({ layout })
    const answers = await Promise.all(PROMPTS.map((prompt, n) => ask(prompt, { ask: asks[n]! })))
    deepEqual(answers.map((answer) => generated(answer).ids), expected)
    ok(runs.some(([rows]) => rows > 4), 'they shared runs')
    equal(loop.running, 0)
  })

  Deno.test(`a prompt read in pieces is answered as one read whole, ${name}`, async () => {
    const expected = await aloneWith(layout)
    const { ask, runs } = await scene({ layout, chunk: 5, chunkAlone: 5 })
    const answers = await Promise.all(PROMPTS.map((prompt, n) => ask(prompt, { ask: asks[n]! })))
    deepEqual(answers.map((answer) => generated(answer).ids), expected)
    const widest = Math.max(...runs.map(([, fresh]) => fresh))
    ok(layout.isMerged ? widest === PROMPTS[3]!.length : widest <= 16, `${widest} in one run`)
  })
}

Deno.test('layouts of the same weights say the same', async () => {
  const [slot, ...others] = await Promise.all(
    ([{ kind: 'slot' }, { kind: 'cat' }, { kind: 'cat', countsPositions: true }] as const).map(
      async (layout) => {
        const { ask } = await scene({ layout })
        const answers = await Promise.all(
          PROMPTS.map((prompt, n) => ask(prompt, { ask: asks[n]! })),
        )
        return answers.map((answer) => generated(answer).ids)
      },
    ),
  )
  for (const other of others) deepEqual(other, slot)
})

Deno.test('who joins and leaves changes nothing for those who stay', async () => {
  const expected = await aloneWith(SLOT)
  const between: (() => void)[] = []
  const { ask } = await scene({
    rest: () => {
      between.shift()?.()
      return undefined
    },
  })
  const first = ask(PROMPTS[0]!, { ask: asks[0]! })
  const second = ask(PROMPTS[1]!, { ask: asks[1]! })
  const gone: ReturnType<typeof ask>[] = []
  const later: ReturnType<typeof ask>[] = []
  for (const n of [2, 3, 4, 5]) {
    between.push(() => gone.push(ask(PROMPTS[7]!, { ask: { maxTokens: 100 } })))
    between.push(() => later.push(ask(PROMPTS[n]!, { ask: asks[n]! })))
    between.push(() => gone.at(-1)!.leave())
  }
  deepEqual(generated(await first).ids, expected[0])
  deepEqual(generated(await second).ids, expected[1])
  const answers = await Promise.all(later)
  deepEqual(answers.map((answer) => generated(answer).ids), expected.slice(2, 6))
  for (const one of await Promise.all(gone)) equal(!one.ok && one.reason, 'left')
})

Deno.test('who leaves frees the row for the next step', async () => {
  const between: (() => void)[] = []
  const { ask, runs, loop } = await scene({
    task: { rows: 1, maxTokens: 100 },
    rest: () => {
      between.shift()?.()
      return undefined
    },
  })
  const first = ask('first')
  const second = ask('second one', { ask: { maxTokens: 3 } })
  between.push(() => equal(loop.waiting, 1), () => first.leave())
  const left = await first
  equal(!left.ok && left.reason, 'left')
  equal(generated(await second).ids.length, 3)
  // It left behind its second run.
  deepEqual(runs.slice(0, 3), [[1, 'first'.length], [1, 1], [1, 'second one'.length]])

  const never = ask('x')
  never.leave()
  const none = await never
  equal(!none.ok && none.reason, 'left')
})

Deno.test('memory stays within its bound, whatever comes', async () => {
  let most = 0
  const { ask, loop } = await scene({
    task: { rows: 4, context: 64, maxTokens: 2 },
    rest: () => {
      most = Math.max(most, loop.bytes)
      ok(loop.running <= 4)
      return undefined
    },
  })
  const all = Array.from({ length: 1000 }, (_, n) => ask('abcdefgh'.repeat(1 + n % 5)))
  for (const one of await Promise.all(all)) equal(generated(one).finish, 'length')
  ok(most > 0 && most <= loop.mostBytes, `${most} of ${loop.mostBytes}`)
  equal(loop.waiting, 0)
})

Deno.test('the earliest deadline goes first, and whose time is over ends', async () => {
  const order: string[] = []
  const between: (() => void)[] = []
  const { ask, clock } = await scene({
    task: { rows: 1, maxTokens: 4 },
    rest: () => {
      between.shift()?.()
      return undefined
    },
  })
  const one = (name: string, expiresMs: number) => {
    const done = ask(name, { expiresMs })
    void done.then(() => order.push(name))
    return done
  }
  const all = [one('running', 50), one('late', 3000), one('soon', 1000), one('hopeless', 90)]
  between.push(() => void (clock.ms = 100))
  const [running, late, soon, hopeless] = await Promise.all(all)
  equal(!running!.ok && running!.reason, 'expired')
  equal(!hopeless!.ok && hopeless!.reason, 'expired')
  ok(late!.ok && soon!.ok)
  deepEqual(order.slice(-2), ['soon', 'late'])
})

Deno.test('prefilling takes few steps of those who wait for their next token', async () => {
  const { ask, runs } = await scene({
    chunk: 8,
    task: { rows: 4, maxTokens: 100 },
    rest: () => runs.length === 2 ? void ask('p'.repeat(50), { ask: { maxTokens: 1 } }) : undefined,
  })
  await ask('abc', { ask: { maxTokens: 12 } })
  // Between its pieces the other goes on.
  deepEqual(runs.slice(2, 8), [[1, 1], [1, 8], [1, 1], [1, 8], [1, 1], [1, 8]])
})

Deno.test('a run that fails takes along nobody but who made it fail', async () => {
  for (const code of ['run_failed', 'not_finite'] as const) {
    const bad = tokenizer.encode('#').concat(tokenizer.encode('z'))[1]!
    const { ask } = await scene({
      before: ({ input_ids }) => {
        if ((input_ids!.data as BigInt64Array).includes(BigInt(bad))) {
          throw new EngineError(code, 'no')
        }
      },
    })
    const ids = tokenizer.encode('abcdef')
    const fine = () => ask('p', { constraint: script(ids) })
    const fails = ask('p', { constraint: script([...ids.slice(0, 3), bad, ...ids.slice(3)]) })
    const [one, none, other] = await Promise.all([fine(), fails, fine()])
    equal(generated(one).text, 'abcdef')
    equal(generated(other).text, 'abcdef')
    deepEqual(none, { ok: false, reason: 'internal', message: 'no' })
  }
})

Deno.test('what goes wrong with one schema, or with one who listens, ends nothing else', async () => {
  const { ask, loop } = await scene()
  const wrong = script(tokenizer.encode('abcdef'))
  const accept = wrong.accept
  wrong.accept = (id) => {
    if (id === tokenizer.encode('c')[0]) throw new Error('no such state')
    accept(id)
  }
  const fails = ask('p', { constraint: wrong })
  const deaf = loop.add(
    { item: 0, prompt: [5], ask: {}, expiresMs: 1e6 },
    () => {
      throw new Error('nobody there')
    },
  )
  const none = { ...script([]), mask: () => new Uint8Array(64), isOver: false }
  const stuck = ask('p', { constraint: none })
  ok((await ask('p')).ok)
  const internal = { ok: false, reason: 'internal' }
  deepEqual(await fails, { ...internal, message: 'no such state' })
  deepEqual(await deaf.done, { ...internal, message: 'nobody there' })
  deepEqual(await stuck, { ...internal, message: 'The model tells no token that may come' })
})

Deno.test('a broken engine is told to all', async () => {
  const { ask, loop } = await scene({
    before: () => {
      throw new EngineError('broken', 'out of memory')
    },
  })
  const both = [ask('a'), ask('b')]
  for (const one of both) await rejects(one, { code: 'broken' })
  await rejects(ask('c'), { code: 'broken' })
  await rejects(loop.measure(1), { code: 'broken' })
})

Deno.test('what a batch costs is measured from a few runs, and what is there is warmed', async () => {
  for (const layout of [SLOT, { kind: 'cat' }] as const) {
    let ticks = 0
    const { loop, runs, ask } = await scene({
      layout,
      task: { typical: { prompt: 20, completion: 60 } },
      nowMs: () => ticks++,
    })
    await loop.warm()
    const warmed = new Set(runs.map(([rows]) => rows))
    ok([1, 2, 4, 8].every((rows) => warmed.has(rows)), [...warmed].join())
    runs.length = 0
    const asked = ask('abc', { expiresMs: Infinity, ask: { maxTokens: 3 } })
    // Each run takes one tick of this clock: one that reads the prompts, 59 steps behind it.
    deepEqual(await loop.measure(4), { runMs: 60, rows: 4 })
    ok(runs.length < 12, `${runs.length} runs`)
    equal(generated(await asked).ids.length, 3)
  }
})

Deno.test('others get in between the steps', async () => {
  const { ask } = await scene({ task: { maxTokens: 100 } })
  let turns = 0
  const one = ask('abc').then(() => 'answered')
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = () => turns++
  port2.postMessage('while it runs')
  equal(
    await Promise.race([one, new Promise((got) => port1.addEventListener('message', got))]) ===
      'answered',
    false,
  )
  equal(turns, 1)
  port1.close()
  await one
})

Deno.test('a loop that is closed ends what is under way', async () => {
  const { ask, loop } = await scene()
  const running = ask('abc')
  loop.close()
  const one = await running
  equal(!one.ok && one.reason, 'left')
  const later = await ask('abc')
  equal(!later.ok && later.reason, 'left')
})
