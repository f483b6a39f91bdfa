/**
 * The plan as a picture: a column a task, a box a variant as high as its share, bands for the paths.
 *
 * @module
 */
import type { PipelineInfo, PlanInfo } from '../../client/types.ts'
import { percent, plural } from '../format.ts'
import { make, makeSvg, setAttribute } from '../make.ts'
import { element } from '../node/dom.ts'
import { type Flows, flowsOf } from './flows.ts'
import { type Layout, layOut, type PlacedBox } from './layout.ts'

export function createPlanPicture(): { show(pipeline: PipelineInfo, plan: PlanInfo): void } {
  const holder = element('picture')
  let shown = ''
  let latest: [PipelineInfo, PlanInfo] | undefined

  function draw(): void {
    if (latest === undefined) return
    const flows = flowsOf(...latest)
    const scale = scaleOf()
    const key = JSON.stringify([holder.clientWidth, scale, flows])
    if (key === shown) return
    shown = key
    const layout = layOut(flows, Math.max(holder.clientWidth / scale, 280))
    const scroll = picture(layout, scale, describe(flows))
    // What can be scrolled must be so by keyboard, too.
    if (scale * layout.width > holder.clientWidth) {
      scroll.tabIndex = 0
      setAttribute(scroll, 'role', 'region')
      setAttribute(scroll, 'aria-label', 'Plan as a picture')
    }
    holder.replaceChildren(scroll)
    fitTexts(scroll)
  }

  new ResizeObserver(draw).observe(holder)
  return {
    show(pipeline, plan) {
      latest = [pipeline, plan]
      draw()
    },
  }
}

/** Text as large as its reader asks for wants as much more room. */
const scaleOf = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16

/** For those who do not see it. */
const describe = ({ stages }: Flows): string =>
  stages.map(({ task, boxes }) => {
    const used = boxes.filter(({ share }) => share > 0)
    const parts = used.map(({ variant, share }) => `${variant} ${percent(share)} %`)
    return `${task}: ${parts.length === 0 ? 'no traffic planned' : parts.join(', ')}`
  }).join('; ')

function picture(
  { width, height, titles, boxes, bands }: Layout,
  scale: number,
  label: string,
): HTMLElement {
  const svg = makeSvg('svg', {
    width: scale * width,
    height: scale * height,
    viewBox: `0 0 ${width} ${height}`,
    role: 'img',
    'aria-label': `Shares of the variants. ${label}`,
  })
  for (const { from, to, y1, y2, thick } of bands) {
    const x1 = from.x + from.width
    const x2 = to.x
    const middle = (x1 + x2) / 2
    const height = Math.max(thick, 1.5)
    const band = makeSvg('path', {
      class: 'band',
      d: `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}v${height}` +
        `C${middle} ${y2 + height} ${middle} ${y1 + height} ${x1} ${y1 + height}Z`,
    })
    colour(band, (from.rank + to.rank) / 2)
    svg.append(band)
  }
  for (const { task, x, y, width } of titles) {
    const text = makeSvg('text', { class: 'task', x, y: y + 16, 'data-room': width }, task)
    svg.append(makeSvg('g', {}, makeSvg('title', {}, task), text))
  }
  for (const box of boxes) svg.append(boxOf(box))
  return make('div', { class: 'scroll' }, svg)
}

function boxOf(box: PlacedBox): SVGGElement {
  const { x, y, width, height, variant, share, instances, ruling } = box
  const used = share > 0
  const edge = makeSvg('rect', { class: 'edge', x, y, width: 6, height, rx: 3 })
  colour(edge, box.rank)
  const middle = y + height / 2 + 5
  const tall = height >= 58
  const narrow = width < 150
  const shared = used ? `${Math.max(1, Math.round(100 * share))} %` : instances > 0 ? 'held' : ''
  const said = [ruling, shared].filter(Boolean).join(', ')
  const room = { 'data-room': width - 24 }
  const group = makeSvg(
    'g',
    { class: used ? 'variant' : 'variant unused' },
    makeSvg('rect', { class: 'box', x, y, width, height, rx: 6 }),
    edge,
    makeSvg('text', { class: 'name', x: x + 14, y: tall ? middle - 9 : middle, ...room }, variant),
  )
  // Beside the name where there is room, else under it, else only in the title.
  if (!narrow || (tall && used)) {
    const place = narrow
      ? { x: x + 14, y: middle + 11 }
      : { x: x + width - 10, y: tall ? middle - 9 : middle, 'text-anchor': 'end' }
    group.append(makeSvg('text', { class: 'share', ...place }, said))
  }
  if (tall && !narrow) {
    const more = `${instances} warm, accuracy ${percent(box.accuracy)} %`
    group.append(makeSvg('text', { class: 'held', x: x + 14, y: middle + 11, ...room }, more))
  }
  const title = `${variant}: ${percent(share)} % of the work, accuracy ` +
    `${percent(box.accuracy)} %, ${plural(instances, 'warm instance')}${
      ruling === undefined ? '' : `, ${ruling}`
    }`
  group.prepend(makeSvg('title', {}, title))
  return group
}

/** Cuts off what is longer than its place, once it can be measured; titles have the whole. */
function fitTexts(holder: HTMLElement): void {
  for (const text of holder.querySelectorAll<SVGTextElement>('text[data-room]')) {
    const beside = text.nextElementSibling
    const taken = beside instanceof SVGTextElement && beside.hasAttribute('text-anchor')
      ? beside.getComputedTextLength() + 8
      : 0
    const room = Number(text.dataset['room']) - taken
    const whole = [...text.textContent]
    let kept = whole.length
    for (;;) {
      const long = text.getComputedTextLength()
      if (long <= room || kept < 2) break
      // Each look costs a layout: nearly all of what is too much goes at once.
      kept = Math.min(kept - 1, Math.ceil(kept * room / long))
      text.textContent = `${whole.slice(0, kept).join('')}…`
    }
  }
}

/** From the colour of accuracy to the colour of speed; set by script, as the content policy asks. */
function colour(shape: SVGElement, rank: number): void {
  shape.style.setProperty('--rank', `${Math.round(100 * rank)}%`)
}
