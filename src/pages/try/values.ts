/**
 * What an answer says as JSON, as tables: a row a field, and for a list of things a row each.
 *
 * @module
 */
import { make } from '../make.ts'
import { element } from '../node/dom.ts'

type Fields = Record<string, unknown>

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Nothing is shown of what is neither fields nor a list. */
export function showValues(value: unknown): void {
  const isTable = isFields(value) || Array.isArray(value)
  element('values').replaceChildren(...isTable ? [shown(value)] : [])
}

function shown(value: unknown): Node | string {
  if (Array.isArray(value)) {
    if (value.length === 0) return 'none'
    return value.every(isFields) ? listOf(value) : linesOf(value)
  }
  if (isFields(value)) return fieldsOf(value)
  return value === null || value === undefined ? '' : String(value)
}

const cell = (value: unknown): HTMLElement =>
  make('td', typeof value === 'number' ? { class: 'number' } : {}, shown(value))

const fieldsOf = (fields: Fields): HTMLElement =>
  make(
    'table',
    {},
    make(
      'tbody',
      {},
      ...Object.entries(fields).map(([name, value]) =>
        make('tr', {}, make('th', { scope: 'row' }, name), cell(value))
      ),
    ),
  )

function listOf(rows: readonly Fields[]): HTMLElement {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  return make(
    'table',
    {},
    make('thead', {}, make('tr', {}, ...names.map((name) => make('th', { scope: 'col' }, name)))),
    make(
      'tbody',
      {},
      ...rows.map((row) => make('tr', {}, ...names.map((name) => cell(row[name])))),
    ),
  )
}

const linesOf = (values: readonly unknown[]): HTMLElement =>
  make('ul', {}, ...values.map((value) => make('li', {}, shown(value))))
