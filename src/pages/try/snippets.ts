/**
 * A question as text to copy: for a shell, and for Deno, Node or Bun; and for what generates, for Python.
 *
 * @module
 */

export interface Question {
  /** As `http://localhost:8787`. */
  origin: string
  pipeline: string
  /** Of the picture, or of a long text, on the disk of whoever copies. */
  file: string
  type: string
  /** What is asked about, where it is a text. */
  text?: string
  /** Whether its text comes piece by piece. */
  generates?: boolean
  /** Whether the coordinator asks for a key; it is not written out. */
  keyed?: boolean
  /** The pipeline's own where absent. */
  timeoutMs?: number
  minAccuracy?: number
}

const urlOf = ({ origin, pipeline }: Question) =>
  `${origin}/v1/pipelines/${encodeURIComponent(pipeline)}/infer`

function wishesOf({ timeoutMs, minAccuracy }: Question): [string, string][] {
  return [
    ...timeoutMs === undefined ? [] : [['x-request-timeout-ms', String(timeoutMs)]],
    ...minAccuracy === undefined ? [] : [['x-min-accuracy', String(minAccuracy)]],
  ] as [string, string][]
}

const headersOf = (question: Question): [string, string][] => [
  ['content-type', question.type],
  ...wishesOf(question),
]

/** In single quotes, in which a shell changes nothing. */
const quoted = (text: string) => `'${text.replaceAll(`'`, `'\\''`)}'`

/** Bare where a shell takes it as it is. */
const word = (text: string) => /^[\w./:@%+-]+$/.test(text) ? text : quoted(text)

/** For a POSIX shell. */
export function curlOf(question: Question): string {
  const { text, file, keyed, generates } = question
  return [
    generates ? 'curl -sN' : 'curl -s',
    ...keyed ? ['  -H "authorization: Bearer $SHOAL_CLIENT_KEY"'] : [],
    ...generates ? [`  -H 'accept: text/event-stream'`] : [],
    ...headersOf(question).map(([name, value]) => `  -H ${quoted(`${name}: ${value}`)}`),
    text === undefined ? `  --data-binary ${word(`@${file}`)}` : `  --data-raw ${quoted(text)}`,
    `  ${word(urlOf(question))}`,
  ].join(' \\\n')
}

export function typescriptOf(question: Question): string {
  const headers = headersOf(question).map(([name, value]) => `    '${name}': '${value}',`)
  if (question.keyed) {
    headers.unshift('    authorization: `Bearer ${process.env.SHOAL_CLIENT_KEY}`,')
  }
  const text = (value: string) => `'${value.replaceAll('\\', '\\\\').replaceAll(`'`, `\\'`)}'`
  const body = question.text === undefined
    ? `await readFile(${text(question.file)})`
    : JSON.stringify(question.text)
  const start = question.text === undefined ? `import { readFile } from 'node:fs/promises'\n\n` : ''
  return `${start}const response = await fetch(${text(urlOf(question))}, {
  method: 'POST',
  headers: {
${headers.join('\n')}
  },
  body: ${body},
})
const answer = await response.json()
if (!response.ok) throw new Error(\`\${answer.reason}: \${answer.error}\`)
console.log(answer.outputs, answer.accuracy, answer.latencyMs)
`
}

/** Texts of JSON are texts of Python, too. */
const python = (text: string) => JSON.stringify(text)
const KEY = 'os.environ["SHOAL_CLIENT_KEY"]'

/** With `shoal.py`. */
export function pythonOf(question: Question): string {
  const { origin, pipeline, text, file, keyed, timeoutMs, minAccuracy } = question
  const query = text === undefined ? python(file) : `text=${python(text)}`
  const more = [
    ...timeoutMs === undefined ? [] : [`timeout=${timeoutMs / 1000}`],
    ...minAccuracy === undefined ? [] : [`min_accuracy=${minAccuracy}`],
  ]
  return `${keyed ? 'import os\n' : ''}from shoal import Shoal

pool = Shoal(${[python(origin), ...keyed ? [`key=${KEY}`] : []].join(', ')})
for piece in pool.generate(${[python(pipeline), query, ...more].join(', ')}):
    print(piece, end="", flush=True)
`
}

/** With OpenAI's client, of Python. */
export function openAiOf(question: Question): string {
  const { origin, pipeline, text, file, type, keyed } = question
  const imports = [...text === undefined ? ['base64'] : [], ...keyed ? ['os'] : []]
  const picture = text === undefined
    ? `with open(${python(file)}, "rb") as file:
    picture = base64.b64encode(file.read()).decode()
`
    : ''
  const content = text === undefined
    ? `[{"type": "image_url", "image_url": {"url": f"data:${type};base64,{picture}"}}]`
    : python(text)
  const wishes = wishesOf(question).map(([name, value]) => `"${name}": "${value}"`).join(', ')
  return `${imports.map((name) => `import ${name}\n`).join('')}from openai import OpenAI

${picture}client = OpenAI(base_url=${python(`${origin}/v1`)}, api_key=${keyed ? KEY : '"none"'})
stream = client.chat.completions.create(
    model=${python(pipeline)},
    messages=[{"role": "user", "content": ${content}}],
    stream=True,${wishes === '' ? '' : `\n    extra_headers={${wishes}},`}
)
for chunk in stream:
    print(chunk.choices[0].delta.content or "", end="", flush=True)
`
}
