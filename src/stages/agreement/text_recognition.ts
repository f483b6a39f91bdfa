import { alphabetOf } from '../alphabet.ts'
import { isQuad } from '../turned_lines.ts'
import { near, numberOf, sameJson, sameText } from './json.ts'
import { type Agreement, strangeField, type TaskFields } from './kind.ts'

const alphabets = new WeakMap<TaskFields, ReadonlySet<string>>()

/** What the task's models can read, and the space that pieces of a long line are joined by. */
function readableIn(task: TaskFields): ReadonlySet<string> {
  const known = alphabets.get(task) ?? new Set([...alphabetOf(task), ' '])
  alphabets.set(task, known)
  return known
}

/** Fields `{text, confidence}`, null where nothing was read; `box` of a line on its head. */
export const textRecognition: Partial<Agreement> = {
  sameFields(a, b, tolerance) {
    if (a === null || b === null) return a === b
    return typeof a['text'] === 'string' && typeof b['text'] === 'string' &&
      sameText(a['text'], b['text'], tolerance) &&
      near(numberOf(a['confidence']), numberOf(b['confidence']), tolerance) &&
      sameJson(a['box'] ?? null, b['box'] ?? null, tolerance, 'box')
  },
  faultOf({ fields }, task) {
    if (fields === null) return undefined
    const { text, confidence } = fields
    if (typeof text !== 'string' || text === '') return 'a line without a text'
    const readable = readableIn(task)
    for (const character of text) {
      if (!readable.has(character)) return 'a text in letters that no model reads'
    }
    if (!(typeof confidence === 'number' && confidence >= 0 && confidence <= 1)) {
      return 'a confidence that is none'
    }
    if (fields['box'] !== undefined && !isQuad(fields['box'])) return 'a box that is none'
    return strangeField(fields, ['text', 'confidence', 'box'])
  },
}
