/**
 * Every node with its share and health, the busiest first, a screenful at a time. While nodes are
 * managed, or the focus or the pointer is on a line, lines keep their places.
 *
 * @module
 */
import { amount, duration, percent, plural } from '../format.ts'
import { make, setAttribute } from '../make.ts'
import { element, setText } from '../node/dom.ts'
import type { Manage } from './manage.ts'
import { byName, classLabel, healthOf, type NodeRow, useOf } from './nodes.ts'
import { keepOrder } from './still.ts'

const FIRST = 20
const MORE = 100

interface Cells {
  /** As it was told last. */
  node: NodeRow
  row: HTMLTableRowElement
  name: HTMLElement
  health: HTMLElement
  share: HTMLElement
  bar: HTMLElement
  class: HTMLElement
  use: HTMLElement
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
  /** By node: a line never becomes another node's. */
  const lines = new Map<string, Cells>()
  let order: string[] = []
  let limit = FIRST

  find.addEventListener('input', () => {
    limit = FIRST
    order = []
    show()
  })
  more.addEventListener('click', () => {
    limit += MORE
    show()
  })

  function lineOf(id: string): Cells {
    let known = lines.get(id)
    if (known === undefined) {
      const node = rows.get(id)!
      known = line(node, manage.line(node))
      lines.set(id, known)
    }
    known.node = rows.get(id) ??
      { ...known.node, state: 'left', share: 0, itemsPerS: 0, info: null }
    return known
  }

  function orderNow(): string[] {
    const wanted = find.value.trim().toLowerCase()
    const sorted = [...rows.values()].filter((row) =>
      wanted === '' || [row.name, classLabel(row.class), healthOf(row), row.info?.backend ?? '']
        .some((text) => text.toLowerCase().includes(wanted))
    ).sort((a, b) => (b.share ?? 0) - (a.share ?? 0) || byName.compare(a.name, b.name))
      .map(({ id }) => id)
    // A line that goes would draw those below it up, under a pointer that is about to press.
    const touched = body.matches(':hover, :focus-within')
    if (!touched && !manage.managing) return sorted
    return keepOrder(order, sorted, (id) => touched && lines.has(id))
  }

  function show(): void {
    order = orderNow()
    const shown = order.slice(0, limit)
    const kept = new Set(shown)
    for (const [id, { row }] of lines) {
      if (kept.has(id)) continue
      row.remove()
      lines.delete(id)
    }
    const cells = shown.map(lineOf)
    const most = Math.max(0, ...cells.map(({ node }) => node.share ?? 0))
    cells.forEach((line) => fill(line, most))
    place(body, cells.map(({ row }) => row))
    const left = order.length - shown.length
    more.hidden = left === 0
    setText(more, `Show ${Math.min(left, MORE)} more of ${left.toLocaleString('en')}`)
    element('nobody').hidden = rows.size > 0
    const of = order.length < rows.size ? `${order.length.toLocaleString('en')} of ` : ''
    setText(element('nodes-title'), of + plural(rows.size, 'node'))
  }

  return { show }
}

/** Moves no more than it must: a row that is moved loses the focus. */
function place(body: HTMLElement, rows: readonly HTMLElement[]): void {
  let next = body.firstElementChild
  for (const row of rows) {
    if (row === next) next = row.nextElementSibling
    else body.insertBefore(row, next)
  }
}

function line(node: NodeRow, acts: Cells['acts']): Cells {
  const bar = make('i', { class: 'bar', 'aria-hidden': 'true' })
  const cells = {
    name: make('th', { scope: 'row' }),
    health: make('span'),
    share: make('span'),
    class: make('td'),
    use: make('td'),
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
    cells.use,
    cells.class,
    cells.runs,
    cells.trip,
    acts.cell,
  )
  return { ...cells, node, acts, bar, row }
}

function fill(cells: Cells, most: number): void {
  const { node: row } = cells
  const { info } = row
  cells.acts.fill(row)
  setText(cells.name, row.name)
  setText(cells.health, healthOf(row))
  setAttribute(cells.row, 'class', row.state)
  const share = row.share ?? 0
  const said = share === 0 ? '0 %' : `${percent(share)} %, ${amount(row.itemsPerS)} /s`
  setText(cells.share, row.share === null ? '–' : said)
  cells.bar.style.setProperty('--width', `${most === 0 ? 0 : Math.round(100 * share / most)}%`)
  setText(cells.class, classLabel(row.class).replace('Class ', ''))
  setText(cells.use, info === null ? '' : useOf(info))
  setText(cells.runs, info === null ? '' : `${info.backend}, ${info.runtime}`)
  const trip = info?.roundTripMs ?? null
  setText(cells.trip, trip === null ? '' : duration(trip))
}
