/**
 * What whoever runs the coordinator can do from here: hold nodes back or put them out, pin and
 * forbid variants. Shown only to those whose calls are not refused.
 *
 * @module
 */
import { type Client, ShoalError } from '../../client/mod.ts'
import type { PipelineInfo, PlanInfo } from '../../client/types.ts'
import { make, setAttribute } from '../make.ts'
import { element, setText } from '../node/dom.ts'
import type { NodeRow } from './nodes.ts'

export interface Manage {
  /** Asks whether to offer it. */
  ask(): Promise<void>
  show(pipeline: PipelineInfo, plan: PlanInfo): void
  /** Whether what it offers is in view. */
  readonly managing: boolean
  /** Buttons for a node's line of the table, of this node for ever. */
  line(node: NodeRow): { cell: HTMLTableCellElement; fill(row: NodeRow): void }
}

type Way = 'POST' | 'DELETE'

export function createManage(client: Client): Manage {
  const toggle = element('manage', HTMLButtonElement)
  const list = element('variant-rows')
  let shown = ''

  toggle.addEventListener('click', () => {
    const on = document.body.classList.toggle('managing')
    setAttribute(toggle, 'aria-pressed', String(on))
    element('rulings').hidden = !on
  })

  async function call(method: Way, path: string): Promise<void> {
    say('')
    try {
      await client.request(method, path)
    } catch (error) {
      say(error instanceof ShoalError ? error.message : String(error))
    }
  }

  function button(text: string, path: string, name: () => string, method: Way = 'POST') {
    const made = make('button', { type: 'button', class: 'quiet small' }, text)
    made.addEventListener('click', async () => {
      if (method === 'DELETE' && !confirm(`Remove ${name()}? It is kept out until resumed.`)) return
      made.disabled = true
      await call(method, path)
      made.disabled = false
    })
    return made
  }

  function variantRow(
    { name }: PipelineInfo,
    [task, variant, accuracy]: [string, string, number],
    ruling: string | undefined,
  ): HTMLTableRowElement {
    const place = [name, 'variants', task, variant].map(encodeURIComponent)
    const act = (text: string, action: string) => {
      const made = button(text, `/v1/pipelines/${place.join('/')}/${action}`, () => variant)
      setAttribute(made, 'aria-label', `${text} ${task} ${variant}`)
      return made
    }
    const actions = ruling === undefined
      ? [act('Pin', 'pin'), act('Forbid', 'forbid')]
      : [act('Allow', 'allow')]
    return make(
      'tr',
      { class: ruling ?? 'open' },
      make('th', { scope: 'row' }, `${task} ${variant}`),
      make('td', {}, `${(100 * accuracy).toFixed(1)} %`),
      make('td', {}, ruling ?? 'open'),
      make('td', { class: 'acts' }, ...actions),
    )
  }

  return {
    async ask() {
      const answer = client.request<{ allowed: boolean }>('GET', '/v1/admin')
      toggle.hidden = !(await answer.catch(() => ({ allowed: false }))).allowed
    },
    show(pipeline, { rulings }) {
      const key = JSON.stringify([pipeline.tasks, rulings])
      if (key === shown) return
      shown = key
      const focused = document.activeElement?.closest('tr')?.querySelector('th')?.textContent
      const variants = Object.entries(pipeline.tasks).flatMap(([task, { variants }]) =>
        Object.entries(variants).map(([variant, { accuracy }]) =>
          [task, variant, accuracy] as [string, string, number]
        )
      )
      list.replaceChildren(...variants.map((one) => {
        const [task, variant] = one
        const said = rulings.find((ruling) =>
          ruling.pipeline === pipeline.name && ruling.task === task && ruling.variant === variant
        )
        return variantRow(pipeline, one, said?.ruling)
      }))
      // The button that was pressed is another one now.
      const row = [...list.children].find((row) => row.firstChild?.textContent === focused)
      if (focused !== undefined) row?.querySelector('button')?.focus()
    },
    get managing() {
      return document.body.classList.contains('managing')
    },
    line(node) {
      // One that comes again may have another name.
      let { name } = node
      const named = () => name
      const path = `/v1/nodes/${encodeURIComponent(node.id)}`
      const buttons = {
        Pause: button('Pause', `${path}/pause`, named),
        Resume: button('Resume', `${path}/resume`, named),
        Drain: button('Drain', `${path}/drain`, named),
        Remove: button('Remove', path, named, 'DELETE'),
      }
      return {
        cell: make('td', { class: 'acts' }, ...Object.values(buttons)),
        fill(given) {
          name = given.name
          const held = given.pausedBy === 'coordinator'
          buttons.Pause.hidden = held
          buttons.Resume.hidden = !held
          for (const [text, made] of Object.entries(buttons)) {
            setAttribute(made, 'aria-label', `${text} ${name}`)
          }
        },
      }
    },
  }
}

function say(text: string): void {
  element('refused').hidden = text === ''
  setText(element('refused'), text)
}
