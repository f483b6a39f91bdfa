/** Batches that generate on a node: they run together, and are told of, called off and left. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { answered, ECHO, firstWord, heardOf, OTHER, say, STAGE, withGenerating } from './scene.ts'
import { batchOf, BYTES, item } from '../fixture.ts'

const LONG = 'abcdefghij'.repeat(300)

Deno.test('a batch that generates joins those that run, and leaves before them', async () => {
  await withGenerating([ECHO], async ({ peer }) => {
    say(peer, 1, [LONG])
    await firstWord(peer, 1)
    say(peer, 2, ['two', 'three'])
    const [two] = await answered(peer, 2)
    deepEqual(two, { text: 'two', together: 3, texts: null })
    ok(heardOf(peer, 1).text.length < LONG.length)
    peer.send({ type: 'cancel', batch: 1 })
    const { message } = await peer.take('batch_failed', ({ batch }) => batch === 1)
    ok(message.computeMs! > 0)
  })
})

Deno.test('what is said of an answer is all of it, and comes before the result', async () => {
  await withGenerating([ECHO], async ({ peer }) => {
    const texts = ['hello', 'abcdefghij'.repeat(20)]
    say(peer, 1, texts)
    await answered(peer, 1)
    for (const [i, text] of texts.entries()) {
      const ids = Array.from(text, (one) => one.charCodeAt(0))
      deepEqual(heardOf(peer, 1, i), { text, ids })
    }
    const types = peer.received.map(({ message }) => message.type)
    ok(types.lastIndexOf('said') < types.indexOf('result'))
    ok(types.filter((type) => type === 'said').length < 100, 'many tokens travel in one message')
  })
})

Deno.test('an item that nothing can be generated for fails alone', async () => {
  await withGenerating([ECHO], async ({ peer }) => {
    const items = [item({ do: 'refuse' }, 0), item({}, 1)]
    peer.send(batchOf(1, ECHO, items), [BYTES, new TextEncoder().encode('fine')])
    const { message } = await peer.take('result')
    const [bad, good] = message.items
    ok(bad?.ok === false && bad.reason === 'invalid_input')
    match(bad.message, /not to my taste/)
    ok(good?.ok && good.fields?.text === 'fine')
  })
})

Deno.test('an answer that is not whole at its deadline is expired, and its row is free', async () => {
  await withGenerating([ECHO], async ({ peer }) => {
    say(peer, 1, [LONG, 'short'], { remainingMs: 300 })
    const [late, whole] = await answered(peer, 1)
    equal(late, 'expired')
    equal((whole as { text: string }).text, 'short')
    say(peer, 2, ['next'])
    equal((await answered(peer, 2) as { together: number }[])[0]!.together, 1)
  })
})

Deno.test('a batch of a stage waits for those that generate, and they wait for it', async () => {
  await withGenerating([ECHO, STAGE], async ({ peer }) => {
    say(peer, 1, ['abcdefghij'.repeat(10)])
    await firstWord(peer, 1)
    peer.send(batchOf(2, STAGE, [item()]), [BYTES])
    say(peer, 3, ['three'])
    for (const batch of [1, 2, 3]) await answered(peer, batch)
    const order = peer.received.flatMap(({ message }) =>
      message.type === 'result' ? message.batch : []
    )
    deepEqual(order, [1, 2, 3])
  })
})

Deno.test('a slot takes no more batches that generate than rows and a few that wait', async () => {
  await withGenerating([ECHO], async ({ peer }) => {
    for (let batch = 1; batch <= 10; batch++) say(peer, batch, [LONG])
    const { message } = await peer.take('batch_failed')
    equal(message.batch, 10)
    match(message.message, /as many batches waiting as it takes/)
    for (let batch = 1; batch < 10; batch++) peer.send({ type: 'cancel', batch })
  })
})

Deno.test('two variants generate in one worker at the same time', async () => {
  await withGenerating([ECHO, OTHER], async ({ peer }) => {
    say(peer, 1, [LONG])
    await firstWord(peer, 1)
    say(peer, 2, ['other'], OTHER)
    deepEqual(await answered(peer, 2), [{ text: 'other', together: 1, texts: null }])
    ok(heardOf(peer, 1).text.length < LONG.length)
    peer.send({ type: 'cancel', batch: 1 })
  })
})

Deno.test('a variant is loaded beside what generates; one that is unloaded ends what it generates', async () => {
  await withGenerating([ECHO], async ({ peer }) => {
    say(peer, 1, [LONG])
    await firstWord(peer, 1)
    peer.send({ type: 'load', instances: [{ slot: 0, ...OTHER }] })
    await peer.take('ready')
    say(peer, 2, [LONG], OTHER)
    await firstWord(peer, 2)
    peer.send({ type: 'unload', instances: [{ slot: 0, ...ECHO }] })
    const { message } = await peer.take('batch_failed')
    equal(message.batch, 1)
    match(message.message, /unloaded/)
    peer.send({ type: 'cancel', batch: 2 })
    await peer.take('batch_failed')
    say(peer, 3, ['still here'], OTHER)
    await answered(peer, 3)
  })
})
