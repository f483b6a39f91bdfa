/**
 * A question as text to copy: for a shell, and for Deno, Node or Bun.
 *
 * @module
 */

export interface Question {
  /** As `http://localhost:8787`. */
  origin: string
  pipeline: string
  /** Of the picture, on the disk of whoever copies. */
  file: string
  type: string
  /** Whether the coordinator asks for a key; it is not written out. */
  keyed?: boolean
  /** The pipeline's own where absent. */
  timeoutMs?: number
  minAccuracy?: number
}

const urlOf = ({ origin, pipeline }: Question) =>
  `${origin}/v1/pipelines/${encodeURIComponent(pipeline)}/infer`

function headersOf({ type, timeoutMs, minAccuracy }: Question): [string, string][] {
  return [
    ['content-type', type],
    ...timeoutMs === undefined ? [] : [['x-request-timeout-ms', String(timeoutMs)]],
    ...minAccuracy === undefined ? [] : [['x-min-accuracy', String(minAccuracy)]],
  ] as [string, string][]
}

/** In single quotes, in which a shell changes nothing. */
const quoted = (text: string) => `'${text.replaceAll(`'`, `'\\''`)}'`

/** Bare where a shell takes it as it is. */
const word = (text: string) => /^[\w./:@%+-]+$/.test(text) ? text : quoted(text)

/** For a POSIX shell. */
export function curlOf(question: Question): string {
  return [
    'curl -s',
    ...question.keyed ? ['  -H "authorization: Bearer $SHOAL_CLIENT_KEY"'] : [],
    ...headersOf(question).map(([name, value]) => `  -H ${quoted(`${name}: ${value}`)}`),
    `  --data-binary ${word(`@${question.file}`)}`,
    `  ${word(urlOf(question))}`,
  ].join(' \\\n')
}

export function typescriptOf(question: Question): string {
  const headers = headersOf(question).map(([name, value]) => `    '${name}': '${value}',`)
  if (question.keyed) {
    headers.unshift('    authorization: `Bearer ${process.env.SHOAL_CLIENT_KEY}`,')
  }
  const text = (value: string) => `'${value.replaceAll('\\', '\\\\').replaceAll(`'`, `\\'`)}'`
  return `import { readFile } from 'node:fs/promises'

const response = await fetch(${text(urlOf(question))}, {
  method: 'POST',
  headers: {
${headers.join('\n')}
  },
  body: await readFile(${text(question.file)}),
})
const answer = await response.json()
if (!response.ok) throw new Error(\`\${answer.reason}: \${answer.error}\`)
console.log(answer.outputs, answer.accuracy, answer.latencyMs)
`
}
