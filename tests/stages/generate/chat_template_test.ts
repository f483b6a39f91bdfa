/** Chat templates: rendered as models were taught, and within bounds whoever wrote them. */
import { equal, rejects, throws } from 'node:assert/strict'
import { createChatTemplate, TemplateError } from '../../../src/stages/generate/chat_template.ts'

const CHATML = `{% for message in messages %}
{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] | trim + '<|im_end|>' + '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|im_start|>assistant\\n' }}
{%- endif %}`

const MESSAGES = [
  { role: 'system', content: 'Be short.' },
  { role: 'user', content: ' Hello ' },
]
const SAID = '<|im_start|>system\nBe short.<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n' +
  '<|im_start|>assistant\n'

Deno.test('a template is taken alone, from tokenizer_config.json, or from a list with names', async () => {
  equal((await createChatTemplate(CHATML))(MESSAGES), SAID)
  equal((await createChatTemplate(JSON.stringify({ chat_template: CHATML })))(MESSAGES), SAID)
  const list = [{ name: 'tool_use', template: 'x' }, { name: 'default', template: CHATML }]
  equal((await createChatTemplate(JSON.stringify({ chat_template: list })))(MESSAGES), SAID)
})

Deno.test('a template knows the tokens that texts begin and end with, and no clock', async () => {
  const source = '{{ bos_token }}{{ messages[0].content }}{{ eos_token }}' +
    '{% if strftime_now is defined %}now{% endif %}{% if not tools %}.{% endif %}'
  const config = JSON.stringify({ bos_token: '<s>', eos_token: { content: '</s>' } })
  equal((await createChatTemplate(source, config))(MESSAGES), '<s>Be short.</s>.')
})

Deno.test('a file without a template, or with one that cannot be read, is refused', async () => {
  await rejects(createChatTemplate('{"bos_token":"<s>"}'), /the file has no chat_template/)
  await rejects(createChatTemplate('{% for %}'), TemplateError)
  await rejects(createChatTemplate('x'.repeat(300_000)), /is of 300000 letters/)
  await rejects(createChatTemplate(`{{ ${'('.repeat(50_000)} }}`), TemplateError)
})

/** By what it does: the template, and what is said of it. */
const HOSTILE: [source: string, why: RegExp][] = [
  ["{{ raise_exception('roles must alternate') }}", /it says roles must alternate/],
  ['{{ nothing.at.all() }}', /Cannot use the chat template/],
  [
    '{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{% endfor %}' +
    '{% endfor %}{% endfor %}',
    /takes too many steps/,
  ],
  ['{% for a in range(1000000000) %}{% endfor %}', /counts to more than 10000/],
  [
    "{% set ns = namespace(s='ab') %}{% for a in range(100) %}{% set ns.s = ns.s + ns.s %}" +
    '{% endfor %}',
    /makes more than \d+ letters/,
  ],
  [
    '{% set ns = namespace(s=[1]) %}{% for a in range(100) %}{% set ns.s = [ns.s, ns.s] %}' +
    '{% endfor %}{{ ns.s | tojson }}',
    /makes more than \d+ letters|lists into lists/,
  ],
  [
    "{% set ns = namespace(s={'a': 1}) %}{% for a in range(100) %}" +
    "{% set ns.s = {'a': ns.s, 'b': ns.s} %}{% endfor %}{{ ns.s | tojson }}",
    /makes more than \d+ letters|lists into lists/,
  ],
  ['{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}', /calls itself too deep/],
  ["{% for a in range(9999) %}{{ 'abcdefghijklmnopqrstuvwxyz' }}{% endfor %}", /letters|steps/],
]

Deno.test('a template that throws, never ends, or makes too much is an error that says so', async () => {
  for (const [source, why] of HOSTILE) {
    const template = await createChatTemplate(source)
    throws(() => template(MESSAGES), (error: Error) => {
      equal(error.name, 'TemplateError')
      return why.test(error.message) || !error.message
    }, source)
  }
})

Deno.test('a long conversation is rendered whole', async () => {
  const template = await createChatTemplate(CHATML)
  const long = Array.from({ length: 400 }, (_, i) => ({
    role: i % 2 ? 'assistant' : 'user',
    content: 'word '.repeat(200),
  }))
  equal(template(long).split('<|im_start|>').length, 402)
})
