/**
 * Every node with its share and health, the busiest first, a screenful at a time.
 *
 * @module
 */
import { amount, duration, percent, plural } from '../format.ts'
import { make, setAttribute } from '../make.ts'
import { element, setText } from '../node/dom.ts'
import type { Manage } from './manage.ts'
import { classLabel, healthOf, type NodeRow } from './nodes.ts'

const FIRST = 20
const byName = new Intl.Collator('en', { numeric: true })
const MORE = 100

interface Cells {
  row: HTMLTableRowElement
  name: HTMLElement
  health: HTMLElement
  share: HTMLElement
  bar: HTMLElement
  class: HTMLElement
  runs: HTMLElement
  trip: HTMLElement
  acts: ReturnType<Manage['line']>
}

export function createNodeTable(
  rows: ReadonlyMap<string, NodeRow>,
  manage: Manage,
): { show(): void } {
  const body = element('node-rows')
  const find = element('find', HTMLInputElement)
  const more = element('more', HTMLButtonElement)
  const lines: Cells[] = []
  let limit = FIRST

  find.addEventListener('input', () => {
    limit = FIRST
    show()
  })
  more.addEventListener('click', () => {
    limit += MORE
    show()
  })

  function lineAt(index: number): Cells {
    const known = lines[index]
    if (known !== undefined) return known
    const made = line(manage.line())
    lines.push(made)
    body.append(made.row)
    return made
  }

  function show(): void {
    const wanted = find.value.trim().toLowerCase()
    const found = [...rows.values()].filter((row) =>
      wanted === '' || [row.name, classLabel(row.class), healthOf(row), row.info?.backend ?? '']
        .some((text) => text.toLowerCase().includes(wanted))
    ).sort((a, b) => b.share - a.share || byName.compare(a.name, b.name))
    const shown = found.slice(0, limit)
    const most = shown[0]?.share ?? 0
    shown.forEach((row, i) => fill(lineAt(i), row, most))
    for (const { row } of lines.splice(shown.length)) row.remove()
    const left = found.length - shown.length
    more.hidden = left === 0
    setText(more, `Show ${Math.min(left, MORE)} more of ${left.toLocaleString('en')}`)
    element('nobody').hidden = rows.size > 0
    const of = found.length < rows.size ? `${found.length.toLocaleString('en')} of ` : ''
    setText(element('nodes-title'), of + plural(rows.size, 'node'))
  }

  return { show }
}

function line(acts: Cells['acts']): Cells {
  const bar = make('i', { class: 'bar', 'aria-hidden': 'true' })
  const cells = {
    name: make('th', { scope: 'row' }),
    health: make('span'),
    share: make('span'),
    class: make('td'),
    runs: make('td'),
    trip: make('td', { class: 'number' }),
  }
  const state = make('td', {}, make('i', { class: 'state', 'aria-hidden': 'true' }), cells.health)
  const share = make('td', { class: 'share' }, cells.share, bar)
  const row = make(
    'tr',
    {},
    cells.name,
    state,
    share,
    cells.class,
    cells.runs,
    cells.trip,
    acts.cell,
  )
  return { ...cells, acts, bar, row }
}

function fill(cells: Cells, row: NodeRow, most: number): void {
  const { info } = row
  cells.acts.fill(row)
  setText(cells.name, row.name)
  setText(cells.health, healthOf(row))
  setAttribute(cells.row, 'class', row.state)
  setText(
    cells.share,
    row.share === 0 ? '0 %' : `${percent(row.share)} %, ${amount(row.itemsPerS)} /s`,
  )
  cells.bar.style.setProperty('--width', `${most === 0 ? 0 : Math.round(100 * row.share / most)}%`)
  setText(cells.class, classLabel(row.class).replace('Class ', ''))
  setText(cells.runs, info === null ? '' : `${info.backend}, ${info.runtime}`)
  const trip = info?.roundTripMs ?? null
  setText(cells.trip, trip === null ? '' : duration(trip))
}
