/**
 * The try-it page: one picture, one question, one answer.
 *
 * @module
 */
import { createClient, ShoalError } from '../../client/mod.ts'
import type { InferAnswer, PipelineInfo } from '../../client/types.ts'
import { durationParts, percent, plural } from '../format.ts'
import { key, withKey } from '../key.ts'
import { make } from '../make.ts'
import { element, scriptRuns, setText } from '../node/dom.ts'
import { setUpChoices } from './choices.ts'
import { foundIn } from './found.ts'
import { clearFound, showFound, showPicture } from './overlay.ts'
import { type Picture, readPicture } from './picture.ts'
import { curlOf, typescriptOf } from './snippets.ts'
import { showTimes } from './timing.ts'

/** Paths of the sample pictures by their names, put in by the bundler. */
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
const pictures = served.filter(({ takes }) => takes === 'picture')
const read = setUpChoices(pictures.length > 0 ? pictures : served, showCode)
if (pictures.length === 0) {
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

function showCode(): void {
  const { pipeline, ...choices } = read()
  const question = {
    ...choices,
    origin: location.origin,
    pipeline: pipeline.name,
    file: picture?.name ?? 'page.jpg',
    type: picture?.blob.type ?? 'image/jpeg',
    keyed: key() !== undefined,
  }
  setText(element('curl'), curlOf(question))
  setText(element('typescript'), typescriptOf(question))
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
  go.disabled = false
  showCode()
}

function showFault(text: string): void {
  element('answer').hidden = false
  element('good').hidden = true
  element('fault').hidden = false
  setText(element('fault'), text)
}

async function ask(asked: Picture): Promise<void> {
  const { pipeline, ...choices } = read()
  const own = asking = new AbortController()
  go.disabled = true
  setText(go, 'Asking')
  clearFound()
  const startMs = performance.now()
  try {
    const answer = await client.infer<Record<string, unknown>>(pipeline.name, asked.blob, {
      ...choices,
      // A person decides whether to ask again.
      maxTries: 1,
      signal: own.signal,
    })
    const wholeMs = performance.now() - startMs
    if (answer.version !== pipeline.version) await learnAnew(pipeline)
    own.signal.throwIfAborted()
    showAnswer(asked, pipeline, answer, wholeMs)
  } catch (error) {
    if (own.signal.aborted) return
    showFault(faultOf(error))
  } finally {
    if (asking === own) {
      asking = undefined
      go.disabled = false
      setText(go, 'Ask again')
    }
  }
  element('answer-title').focus({ preventScroll: true })
  element('answer-title').scrollIntoView({ block: 'nearest' })
}

function faultOf(error: unknown): string {
  if (!(error instanceof ShoalError)) return 'Cannot ask: the coordinator does not answer.'
  const { retryAfterS } = error
  const again = retryAfterS === undefined ? '' : ` Try again in ${plural(retryAfterS, 'second')}.`
  return `${error.message} (${error.reason}).${again}`
}

function showAnswer(
  asked: Picture,
  pipeline: PipelineInfo,
  answer: InferAnswer<Record<string, unknown>>,
  wholeMs: number,
): void {
  element('answer').hidden = false
  element('good').hidden = false
  element('fault').hidden = true
  setText(element('took'), durationParts(answer.latencyMs).join(' '))
  setText(element('expect'), `${percent(answer.accuracy)} %`)
  const { list, items } = foundIn(answer.outputs)
  setText(element('count'), String(items.length))
  setText(element('count-of'), list)
  showFound(asked, items)
  element('path').replaceChildren(
    ...Object.entries(answer.path).map(([task, variants]) =>
      make(
        'li',
        {},
        make('span', { class: 'task' }, task),
        ...Object.entries(variants).map(([variant, count]) => {
          const accuracy = pipeline.tasks[task]?.variants[variant]?.accuracy
          const said = accuracy === undefined ? '' : `, accuracy ${percent(accuracy)} %`
          const text = ` ${plural(count, 'item')}${said}`
          return make('span', { class: 'chip' }, make('strong', {}, variant), text)
        }),
      )
    ),
  )
  showTimes(answer as InferAnswer, pipeline, wholeMs)
}

element('ask').addEventListener('submit', (event) => {
  event.preventDefault()
  if (picture !== undefined && !go.disabled) void ask(picture)
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

for (const [name, path] of Object.entries(SHOAL_SAMPLES)) {
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

for (const kind of ['curl', 'typescript']) {
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

showCode()
