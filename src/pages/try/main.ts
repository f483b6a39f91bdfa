/**
 * The try-it page: one picture or one text, one question, one answer.
 *
 * @module
 */
import { createClient } from '../../client/mod.ts'
import type { PipelineInfo } from '../../client/types.ts'
import { key, withKey } from '../key.ts'
import { make } from '../make.ts'
import { element, scriptRuns, setText } from '../node/dom.ts'
import { type Answered, faultOf, showAnswer, showFault, showSaid } from './answer.ts'
import { setUpChoices } from './choices.ts'
import { clearFound, showPicture } from './overlay.ts'
import { type Picture, readPicture } from './picture.ts'
import { curlOf, openAiOf, pythonOf, typescriptOf } from './snippets.ts'
import { setUpText } from './text.ts'

/** Paths of the samples by their names, put in by the bundler. */
declare const SHOAL_SAMPLES: Record<string, string>

const AGAIN_MS = 3000

scriptRuns()
const client = createClient(location.origin, { key })
const go = element('go', HTMLButtonElement)
const drop = element('drop')
const file = element('file', HTMLInputElement)
let picture: Picture | undefined
/** Pictures chosen so far: one that is read only after a later choice is not shown. */
let serial = 0
/** The answer that is waited for; another picture gives it up. */
let asking: AbortController | undefined

const served = await learnServed()
// Tensors are no thing to drop on a page.
const askable = served.filter(({ takes }) => takes !== 'tensors')
const read = setUpChoices(askable.length > 0 ? askable : served, changed)
const samples = Object.entries(SHOAL_SAMPLES)
const isText = (name: string) => name.endsWith('.txt')
const text = setUpText(
  Object.fromEntries(
    samples.filter(([name]) => isText(name)).map(([name, path]) => [name, () => sampleOf(path)]),
  ),
  changed,
  (error) => showFault((error as Error).message),
)
if (askable.length === 0) {
  for (const part of document.querySelectorAll<HTMLElement>('main > *')) {
    part.hidden = part.id !== 'no-pictures'
  }
}

/** Until it is told: the coordinator may be draining, or have too much to do. */
async function learnServed(): Promise<PipelineInfo[]> {
  for (;;) {
    try {
      const told = await withKey(() => client.getPipelines())
      element('answer').hidden = true
      return told
    } catch {
      showFault('The coordinator does not tell what is served. Trying again.')
      await new Promise((done) => setTimeout(done, AGAIN_MS))
    }
  }
}

/** A pipeline that was reloaded since has other variants, and maybe other tasks. */
async function learnAnew(pipeline: PipelineInfo): Promise<void> {
  const told = await client.getPipelines(AbortSignal.timeout(AGAIN_MS)).catch(() => [])
  Object.assign(pipeline, told.find(({ name }) => name === pipeline.name))
}

/** What can be asked now, and how it would be asked from a program. */
function changed(): void {
  const { pipeline, ...choices } = read()
  const takesText = pipeline.takes === 'text'
  text.show(takesText)
  if (asking === undefined) go.disabled = takesText ? text.read() === '' : picture === undefined
  for (const part of ['python-part', 'openai-part']) element(part).hidden = !pipeline.generates
  const question = {
    ...choices,
    origin: location.origin,
    pipeline: pipeline.name,
    file: picture?.name ?? 'page.jpg',
    type: takesText ? 'text/plain' : picture?.blob.type ?? 'image/jpeg',
    ...takesText ? { text: text.read() } : {},
    generates: pipeline.generates,
    keyed: key() !== undefined,
  }
  setText(element('curl'), curlOf(question))
  setText(element('typescript'), typescriptOf(question))
  setText(element('python'), pythonOf(question))
  setText(element('openai'), openAiOf(question))
}

async function take(chosen: Blob | Promise<Blob>, name: string): Promise<void> {
  const own = ++serial
  asking?.abort()
  let taken: Picture
  try {
    taken = await readPicture(await chosen, name)
  } catch (error) {
    if (own === serial) showFault(error instanceof Error ? error.message : String(error))
    return
  }
  if (own !== serial) return
  // The one before may have been asked about meanwhile.
  asking?.abort()
  picture = taken
  showPicture(picture)
  drop.classList.add('filled')
  setText(element('invite'), `${name}, ${picture.width} × ${picture.height}`)
  setText(element('choose'), 'Choose another')
  element('answer').hidden = true
  changed()
}

/** @param asked the picture; a text stands in its field */
async function ask(asked: Picture | undefined): Promise<void> {
  const { pipeline, ...choices } = read()
  const own = asking = new AbortController()
  go.disabled = true
  setText(go, 'Asking')
  clearFound()
  showSaid('')
  try {
    const query = asked?.blob ?? { text: text.read() }
    const answered = await answerTo(pipeline, query, { ...choices, signal: own.signal })
    if (answered.answer.version !== pipeline.version) await learnAnew(pipeline)
    own.signal.throwIfAborted()
    showAnswer(asked, answered)
  } catch (error) {
    if (own.signal.aborted) return
    showFault(faultOf(error))
  } finally {
    if (asking === own) {
      asking = undefined
      setText(go, 'Ask again')
      changed()
    }
  }
  element('answer-title').focus({ preventScroll: true })
  element('answer-title').scrollIntoView({ block: 'nearest' })
}

/** A person decides whether to ask again. */
async function answerTo(
  pipeline: PipelineInfo,
  query: Blob | { text: string },
  options: { timeoutMs?: number; minAccuracy?: number; signal: AbortSignal },
): Promise<Answered> {
  const startMs = performance.now()
  const passedMs = () => performance.now() - startMs
  if (!pipeline.generates) {
    const asked = { ...options, maxTries: 1 }
    const answer = await client.infer<Record<string, unknown>>(pipeline.name, query, asked)
    return { pipeline, answer, wholeMs: passedMs() }
  }
  const going = client.generate(pipeline.name, query, options)
  let said = ''
  let firstMs: number | undefined
  for await (const piece of going) {
    firstMs ??= passedMs()
    if (said === '') element('good').hidden = true
    said += piece
    if (!options.signal.aborted) showSaid(said)
  }
  const { json, ...answer } = await going.answer
  return { pipeline, answer, wholeMs: passedMs(), generated: { json, firstMs } }
}

element('ask').addEventListener('submit', (event) => {
  event.preventDefault()
  if (!go.disabled) void ask(read().pipeline.takes === 'text' ? undefined : picture)
})
element('choose').addEventListener('click', () => file.click())
file.addEventListener('change', () => {
  const [chosen] = file.files ?? []
  if (chosen !== undefined) void take(chosen, chosen.name)
  // The same one again would be no change.
  file.value = ''
})
for (const kind of ['dragenter', 'dragover', 'dragleave', 'drop']) {
  // All of the page takes it: a near miss would have the browser open the picture instead.
  document.addEventListener(kind, (event) => {
    event.preventDefault()
    drop.classList.toggle('over', kind === 'dragenter' || kind === 'dragover')
  })
}
document.addEventListener('drop', ({ dataTransfer }) => {
  const [dropped] = dataTransfer?.files ?? []
  if (dropped !== undefined) void take(dropped, dropped.name)
})
document.addEventListener('paste', ({ clipboardData }) => {
  const [pasted] = clipboardData?.files ?? []
  if (pasted !== undefined) void take(pasted, pasted.name)
})
element('over', HTMLInputElement).addEventListener('change', ({ target }) => {
  element('canvas-holder').classList.toggle('written', (target as HTMLInputElement).checked)
})

for (const [name, path] of samples.filter(([name]) => !isText(name))) {
  const button = make('button', { type: 'button', class: 'quiet' }, name)
  button.addEventListener('click', () => take(sampleOf(path), name))
  element('samples').append(button)
}

/** @throws Error in words for people where it cannot be had */
async function sampleOf(path: string): Promise<Blob> {
  const got = await fetch(path).catch(() => undefined)
  if (got?.ok) return await got.blob()
  throw new Error('Cannot fetch the sample: the coordinator does not answer.')
}

for (const kind of ['curl', 'typescript', 'python', 'openai']) {
  element(`copy-${kind}`).addEventListener('click', () => copy(element(kind)))
}

async function copy(code: HTMLElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(code.textContent)
    setText(element('copied'), 'Copied.')
  } catch {
    // Not a secure origin: what is selected can still be copied by hand.
    getSelection()?.selectAllChildren(code)
    setText(element('copied'), 'Selected: copy it with your keyboard.')
  }
}

changed()
