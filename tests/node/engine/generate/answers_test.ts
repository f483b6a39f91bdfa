/** What one sequence says: as it is asked, as long as it may be, and to its end. */
import { deepEqual, equal, match, notDeepEqual } from 'node:assert/strict'
import { CONTEXT } from './made_decoder.ts'
import { END, generated, scene, script, tokenizer } from './scene.ts'

Deno.test('the same seed says the same, another seed something else', async () => {
  const { ask } = await scene()
  const say = async (seed?: number) =>
    generated(
      await ask('tell me', { ask: { temperature: 1.5, ...seed === undefined ? {} : { seed } } }),
    )
      .text
  const [a, b, c] = await Promise.all([say(1), say(1), say(2)])
  equal(a, b)
  notDeepEqual(a, c)
  const drawn: number[] = []
  const other = await scene({ seed: () => drawn.push(1) })
  await other.ask('tell me', { ask: { temperature: 1.5 } })
  await other.ask('tell me')
  equal(drawn.length, 1)
})

Deno.test('a narrow nucleus leaves only the likeliest', async () => {
  const { ask } = await scene()
  const greedy = generated(await ask('tell me')).ids
  const narrow = ask('tell me', { ask: { temperature: 1, topP: 0.001, seed: 3 } })
  deepEqual(generated(await narrow).ids, greedy)
})

Deno.test('tokens that a schema leaves no choice about need no run of their own', async () => {
  const ids = tokenizer.encode('{"k":"xyz","m":1}')
  const chosen = [6, 8]
  const forced = await scene({ task: { maxTokens: 100 } })
  const answer = await forced.ask('p', {
    constraint: script(ids, (at) => at < ids.length && !chosen.includes(at)),
  })
  deepEqual(generated(answer), {
    ...{ text: '{"k":"xyz","m":1}', ids, finish: 'stop', json: { k: 'xyz', m: 1 } },
    ...{ promptTokens: 1, completionTokens: ids.length },
  })
  // The prompt with what is forced at first, and after a choice all up to the next.
  deepEqual(forced.runs, [[1, 7], [1, 2]])

  const chosenAll = await scene({ task: { maxTokens: 100 } })
  const same = generated(await chosenAll.ask('p', { constraint: script(ids) }))
  deepEqual(same.ids, ids)
  equal(chosenAll.runs.length, ids.length)

  const short = await scene({ task: { maxTokens: 3 } })
  const cut = generated(await short.ask('p', { constraint: script(ids, () => true) }))
  deepEqual([cut.text, cut.finish, cut.json], ['{"k', 'length', undefined])
  deepEqual(short.runs, [])
})

Deno.test('a prompt that leaves no room for an answer is refused', async () => {
  const { ask } = await scene()
  const long = await ask('x'.repeat(CONTEXT))
  deepEqual(long, {
    ...{ ok: false, reason: 'invalid_input' },
    message: `The prompt has ${CONTEXT} tokens, and ${CONTEXT - 1} fit`,
  })
  const none = await ask('')
  match(none.ok ? '' : none.message, /no tokens/)
  const full = generated(await ask('x'.repeat(CONTEXT - 1)))
  deepEqual([full.ids.length, full.finish], [1, 'length'])
})

Deno.test('an answer has as many tokens as were asked for, as the task says, or as fit', async () => {
  const { ask } = await scene({ task: { maxTokens: 5, end: [0] } })
  equal(generated(await ask('abc')).ids.length, 5)
  equal(generated(await ask('abc', { ask: { maxTokens: 7 } })).ids.length, 7)
  const open = await scene({ task: { context: 40, maxTokens: undefined, end: [0] } })
  const { ids, finish, promptTokens, completionTokens } = generated(await open.ask('abcdefghij'))
  deepEqual([ids.length, finish, promptTokens, completionTokens], [30, 'length', 10, 30])
})

Deno.test('an end token ends an answer and is none of it', async () => {
  const { ask } = await scene()
  const ids = tokenizer.encode('over')
  // Nothing is over before its end is said, as a value that may have more digits.
  const constraint = script([...ids, END])
  deepEqual(generated(await ask('p', { constraint })), {
    ...{ text: 'over', ids, finish: 'stop', promptTokens: 1, completionTokens: 4 },
  })
})
