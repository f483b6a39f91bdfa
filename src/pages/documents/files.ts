/**
 * Files to hand in: chosen, dropped, whole folders of them, or photographed.
 *
 * @module
 */
import { faultOfStart, FAULTS, START_BYTES } from '../../client/document.ts'
import { element } from '../node/dom.ts'

export interface Chosen {
  /** With the folders below the one that was chosen, as `1999/letter.pdf`. */
  name: string
  file: File
  bytes: number
}

export interface LeftOut {
  name: string
  why: string
}

/** More at once are no pile of papers but a mistake, as a whole disk. */
const MOST_FILES = 5000
/** What systems leave in folders for themselves. */
const NOT_MEANT = /^(\.|Thumbs\.db$|desktop\.ini$)/i

/** @param taken told of all that came at once, those that can be read and those that cannot */
export function setUpFiles(
  most: { fileBytes: number },
  taken: (chosen: Chosen[], leftOut: LeftOut[]) => void,
): void {
  const drop = element('drop')
  const take = async (found: Iterable<Named> | AsyncIterable<Named>) => {
    const chosen: Chosen[] = []
    const leftOut: LeftOut[] = []
    for await (const { name, file } of found) {
      if (NOT_MEANT.test(baseOf(name))) continue
      const why = chosen.length >= MOST_FILES
        ? `more than ${MOST_FILES} at once`
        : await faultOf(file, most.fileBytes)
      if (why === undefined) chosen.push({ name, file, bytes: file.size })
      else leftOut.push({ name, why })
    }
    taken(chosen, leftOut)
  }
  for (const kind of ['files', 'folder', 'camera']) {
    const input = element(kind, HTMLInputElement)
    element(`choose-${kind}`).addEventListener('click', () => input.click())
    input.addEventListener('change', () => {
      const files = [...input.files ?? []].map((file) => ({
        name: file.webkitRelativePath.replace(/^[^/]*\//, '') || file.name,
        file,
      }))
      // The same ones again would be no change.
      input.value = ''
      void take(files)
    })
  }
  for (const kind of ['dragenter', 'dragover', 'dragleave', 'drop']) {
    // All of the page takes them: a near miss would have the browser open a file instead.
    document.addEventListener(kind, (event) => {
      event.preventDefault()
      drop.classList.toggle('over', kind === 'dragenter' || kind === 'dragover')
    })
  }
  document.addEventListener('drop', ({ dataTransfer }) => {
    if (dataTransfer !== null) void take(droppedOf(dataTransfer))
  })
  document.addEventListener('paste', ({ clipboardData }) => {
    const files = [...clipboardData?.files ?? []]
    if (files.length > 0) void take(files.map((file) => ({ name: file.name, file })))
  })
}

interface Named {
  name: string
  file: File
}

const baseOf = (name: string) => name.slice(name.lastIndexOf('/') + 1)

async function faultOf(file: File, mostBytes: number): Promise<string | undefined> {
  if (file.size > mostBytes) return `larger than ${Math.round(mostBytes / 1e6)} MB`
  const start = await file.slice(0, START_BYTES).arrayBuffer().catch(() => undefined)
  // A file that was moved since, or that nobody may read.
  if (start === undefined) return 'not to be read'
  const fault = faultOfStart(new Uint8Array(start))
  return fault === undefined ? undefined : FAULTS[fault]
}

/** What is dropped is known only as long as its event lasts: entries are taken at once. */
function droppedOf(dropped: DataTransfer): AsyncGenerator<Named> {
  const entries = [...dropped.items].map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null)
  const files = [...dropped.files]
  return (async function* () {
    if (entries.length === 0) yield* files.map((file) => ({ name: file.name, file }))
    const isOne = entries.length === 1
    for (const entry of entries) yield* walk(entry, isOne && entry.isDirectory ? '' : entry.name)
  })()
}

async function* walk(entry: FileSystemEntry, name: string): AsyncGenerator<Named> {
  if (entry.isFile) {
    const file = await new Promise<File | undefined>((done) =>
      (entry as FileSystemFileEntry).file(done, () => done(undefined))
    )
    // Nothing can be said of it but that it is not to be read.
    yield { name, file: file ?? new File([], name) }
    return
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  for (;;) {
    // A hundred at a time, in Chromium; none: that was all.
    const some = await new Promise<FileSystemEntry[]>((done) =>
      reader.readEntries(done, () => done([]))
    )
    if (some.length === 0) return
    for (const inner of some) {
      yield* walk(inner, name === '' ? inner.name : `${name}/${inner.name}`)
    }
  }
}
