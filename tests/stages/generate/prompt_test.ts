/** What a model reads, of a text, of messages, and of what was found in a picture. */
import { equal, rejects, throws } from 'node:assert/strict'
import { generateSchema } from '../../../src/pipeline/generate.ts'
import { createPrompter, PromptError } from '../../../src/stages/generate/prompt.ts'
import type { JsonObject, StageItem } from '../../../src/stages/types.ts'

const taskOf = (own: object = {}) => generateSchema.parse({ context: 100, ...own })
const item = (text: string, meta: JsonObject = {}): StageItem => ({
  meta,
  bytes: new TextEncoder().encode(text),
})
const messages = (list: unknown) => item(JSON.stringify(list), { type: 'application/json' })
const box = (left: number, top: number, width = 10, height = 10) => {
  return [[left, top], [left + width, top], [left + width, top + height], [left, top + height]]
}

Deno.test('a text takes the place of {text}, once and as it is', async () => {
  const plain = await createPrompter(taskOf(), {})
  equal(plain(item('aé')), 'aé')
  const asked = await createPrompter(taskOf({ prompt: 'Read {text} of {text}:' }), {})
  equal(asked(item("$& {text} $'")), "Read $& {text} $' of {text}:")
})

Deno.test('of messages the last of the user is read, or what the template makes of all', async () => {
  const list = [
    { role: 'user', content: 'a' },
    { role: 'assistant', content: 'b' },
    { role: 'user', content: 'c' },
    { role: 'system', content: 'd' },
  ]
  equal((await createPrompter(taskOf({ prompt: '<{text}>' }), {}))(messages(list)), '<c>')
  const template =
    '{{ bos_token }}{% for m in messages %}{{ m.role[0] }}{{ m.content }};{% endfor %}>'
  const texts = { template, config: '{"bos_token":"^"}' }
  const prompter = await createPrompter(taskOf({ template: 'chat.jinja' }), texts)
  equal(prompter(messages(list)), '^ua;ab;uc;sd;>')
  equal(prompter(item('hello')), '^uhello;>')
})

Deno.test('what was found becomes rows from the top, each from the left', async () => {
  const prompter = await createPrompter(taskOf({ prompt: '{text}\u0001' }), {})
  const gathered = [
    { text: 'Total', box: box(0, 40) },
    { text: '9.70', box: box(50, 44) },
    { text: null, box: box(0, 20) },
    { text: 'Grill', box: box(20, 1) },
    { text: 'Star', box: box(0, 0) },
    { text: 'below', box: box(0, 47) },
    { box: box(0, 60) },
  ]
  equal(prompter(item('', { gathered })), 'Star\tGrill\nTotal\t9.70\nbelow\u0001')
  equal(prompter(item('', { gathered: [] })), '\u0001')
  equal(prompter(item('', { gathered: [{ text: 'a' }, { text: 'b', box: 'x' }] })), 'a\nb\u0001')
})

Deno.test('an item that is no text is its own fault', async () => {
  const prompter = await createPrompter(taskOf(), {})
  const faults: [StageItem, RegExp][] = [
    [{ meta: {}, bytes: Uint8Array.of(0xff) }, /it is not UTF-8/],
    [item('x', { type: 'image/png' }), /of type "image\/png": text or messages are taken/],
    [item('{', { type: 'application/json' }), /the messages: not JSON/],
    [messages([]), /Cannot use the messages/],
    [messages([{ role: 'user', content: 1 }]), /the messages: 0.content/],
    [messages([{ role: 'system', content: 'a' }]), /none is of role user/],
    [item('', { gathered: 1 }), /what was gathered/],
    [item('a'.repeat(30_000)), /is of 30000 letters, more than fit into 100 tokens/],
  ]
  for (const [given, why] of faults) {
    throws(
      () => prompter(given),
      (error: Error) => error instanceof PromptError && why.test(error.message),
    )
  }
  const picky = await createPrompter(taskOf({ template: 't' }), {
    template: "{{ raise_exception('no system role') }}",
  })
  throws(
    () => picky(item('a')),
    (error: Error) => error instanceof PromptError && /no system role/.test(error.message),
  )
  await rejects(createPrompter(taskOf({ template: 't' }), {}), /Cannot use t: its text is not here/)
})
