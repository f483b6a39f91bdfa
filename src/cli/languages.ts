/**
 * `deno run -A src/cli/languages.ts`: how many characters of each language the recognisers of
 * `ocr` read right, beside those of before; `--write` writes the page of docs/results.
 * @module
 */
import './deno_version.ts'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { labelled } from '../../profiles/ocr/labelled.ts'
import { languagesOf, type Script, scripts, textIn } from '../../profiles/ocr/words.ts'
import { loadPipeline } from './pipelines/load.ts'
import { formatted } from './formatted.ts'
import { ROOT } from './root.ts'
import { loadLocalCodec } from './serve/codec_assets.ts'
import { createOrtModel } from '../node/engine/ort_model.ts'
import type { Task, Variant } from '../pipeline/schema.ts'
import { taskOf } from '../pipeline/tree.ts'
import { createCodecs } from '../stages/codecs.ts'
import { addScores, type Labelled, noScore, type Score } from '../stages/labelled.ts'
import { stages } from '../stages/stages.ts'
import type { StageContext, StageItem } from '../stages/types.ts'
import { asciiText } from './languages/ascii_text.ts'
import { oldRecogniser } from './languages/old_head.ts'
import { languagesPage, type Row } from './languages/table.ts'

const TASK = 'recognise'
/** Of pages; no setting was chosen on it, and `profile` measures on another. */
const SEED = 41077
/** Lines of a batch, as nodes that are measured here take them. */
const BATCH = 8

const { values } = parseArgs({
  options: {
    /** Of each language. */
    pages: { type: 'string', default: '8' },
    write: { type: 'boolean', default: false },
  },
})
const pages = Number(values.pages)
if (!(Number.isInteger(pages) && pages > 0)) {
  console.error('Cannot use --pages: must be a whole number')
  Deno.exit(1)
}

interface Reader {
  /** `old` or `new`, and the variant. */
  name: string
  context: StageContext
}

const codecs = createCodecs(loadLocalCodec)

/** Of the recognisers that are served; of Latin script those of before, too. */
async function readersOf(script: Script): Promise<Reader[]> {
  const dir = script === 'latin' ? 'profiles/ocr' : `profiles/${script}/documents`
  const { pipeline, models } = await loadPipeline(join(ROOT, dir), console.error)
  const task = taskOf(pipeline, TASK)
  const { alphabet: _, ...ascii } = task
  const readers: Reader[] = []
  for (const [name, variant] of Object.entries(task.variants)) {
    if (script === 'latin') {
      const { height } = variant['input'] as { height: 32 | 24 | 16 }
      const bytes = await oldRecogniser(height)
      readers.push(await readerOf(`old ${name}`, { ...ascii, next: [] }, variant, bytes))
    }
    const bytes = await Deno.readFile(models[variant.model!]!.file)
    readers.push(await readerOf(`new ${name}`, task, variant, bytes))
  }
  return readers
}

const readerOf = async (
  name: string,
  task: Task,
  variant: Variant,
  bytes: Uint8Array,
): Promise<Reader> => ({
  name,
  context: {
    ...{ task, variant, next: [], codecs, crops: 'raw', model: await createOrtModel(bytes) },
  },
})

/** All pages of a set, their lines cut out where they truly are. */
async function scoreOf(set: Labelled, { context }: Reader): Promise<Score> {
  let sum = noScore
  for (let index = 0; index < pages; index++) {
    const example = await set.example(index)
    const crops = await example.perfect(TASK, codecs) ?? []
    sum = addScores(sum, example.score(await read(crops, context), TASK))
  }
  return sum
}

async function read(crops: readonly StageItem[], context: StageContext) {
  const results = []
  for (let i = 0; i < crops.length; i += BATCH) {
    results.push(...await stages['text-recognition']!.run(crops.slice(i, i + BATCH), context))
  }
  return results.map((result, i) => {
    if (!result.ok) throw new Error(`Cannot read: ${result.message}`)
    return { meta: crops[i]!.meta, fields: result.fields }
  })
}

async function rowOf(language: string, set: Labelled, readers: readonly Reader[]): Promise<Row> {
  const scores: Row['scores'] = {}
  for (const reader of readers) scores[reader.name] = await scoreOf(set, reader)
  console.error(language, scores)
  return { language, scores }
}

const rows: { [script: string]: Row[] } = {}
for (const script of scripts) {
  const readers = await readersOf(script)
  const own: Row[] = rows[script] = []
  for (const language of [...languagesOf(script), 'ascii'] as const) {
    const text = language === 'ascii' ? asciiText : await textIn(language)
    const set = await labelled({ seed: SEED, count: pages, text, script })
    if ('skip' in set) throw new Error(`Cannot draw: ${set.skip}`)
    own.push(await rowOf(language, set, readers))
  }
}
const command = 'deno run -A src/cli/languages.ts --write'
const { latin, ...others } = rows
const variants = Object.keys(latin![0]!.scores).filter((name) => name.startsWith('new '))
  .map((name) => name.slice(4))
const page = await formatted(
  languagesPage(latin!, others, { command, variants, seed: SEED, pages }),
)
if (values.write) await Deno.writeTextFile(join(ROOT, 'docs/results/languages.md'), page)
else console.log(page)
Deno.exit(0)
