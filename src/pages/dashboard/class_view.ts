/**
 * Nodes by class: a line of counts and a dot a node, coloured by what it does.
 *
 * @module
 */
import { percent, plural } from '../format.ts'
import { make, setAttribute } from '../make.ts'
import { element, setText } from '../node/dom.ts'
import { byName, classLabel, healthOf, type NodeRow } from './nodes.ts'

const STATES = ['active', 'standby', 'resting', 'paused', 'quarantined'] as const

interface Group {
  element: HTMLElement
  title: HTMLElement
  counts: HTMLElement
  dots: HTMLElement
}

export function createClassView(rows: ReadonlyMap<string, NodeRow>): { show(): void } {
  const holder = element('classes')
  const groups = new Map<string, Group>()
  const dots = new Map<string, HTMLElement>()

  // A title for each of a thousand dots would be written for nobody.
  holder.addEventListener('pointerover', ({ target }) => {
    if (!(target instanceof HTMLElement)) return
    const row = rows.get(target.dataset['node'] ?? '')
    if (row !== undefined) target.title = `${row.name}: ${healthOf(row)}`
  })

  function groupOf(name: string): Group {
    const known = groups.get(name)
    if (known !== undefined) return known
    const title = make('span', { class: 'class-name' })
    const counts = make('span', { class: 'class-counts' })
    const inside = make('div', { class: 'dots', 'aria-hidden': 'true' })
    const group = {
      element: make('div', { class: 'class' }, make('p', {}, title, ' ', counts), inside),
      title,
      counts,
      dots: inside,
    }
    const [next] = [...groups.keys()].sort(byName.compare)
      .filter((other) => byName.compare(other, name) > 0)
    holder.insertBefore(group.element, next === undefined ? null : groups.get(next)!.element)
    groups.set(name, group)
    return group
  }

  function placeDots(): void {
    for (const [id, dot] of dots) {
      if (rows.has(id)) continue
      dot.remove()
      dots.delete(id)
    }
    for (const { id, state, class: kind } of rows.values()) {
      let dot = dots.get(id)
      if (dot === undefined) {
        dot = make('i', { 'data-node': id })
        dots.set(id, dot)
      }
      const { dots: inside } = groupOf(kind)
      if (dot.parentElement !== inside) inside.append(dot)
      setAttribute(dot, 'class', state)
    }
  }

  return {
    show() {
      placeDots()
      const byClass = new Map<string, NodeRow[]>()
      for (const row of rows.values()) {
        const known = byClass.get(row.class)
        if (known === undefined) byClass.set(row.class, [row])
        else known.push(row)
      }
      for (const [name, group] of groups) {
        const inside = byClass.get(name)
        if (inside === undefined) {
          group.element.remove()
          groups.delete(name)
          continue
        }
        setText(group.title, `${classLabel(name)}: ${plural(inside.length, 'node')}`)
        const shares = inside.flatMap(({ share }) => share ?? [])
        const share = shares.reduce((sum, share) => sum + share, 0)
        const counts = STATES.map((state) => [
          inside.filter((row) => row.state === state).length,
          state,
        ]).filter(([count]) => count !== 0).map((pair) => pair.join(' '))
        const work = shares.length === 0 ? '' : `; ${percent(share)} % of the work`
        setText(group.counts, counts.join(', ') + work)
      }
    },
  }
}
