/**
 * The answer drawn on the picture and listed beside it; pointing at one shows the other.
 *
 * @module
 */
import { percent } from '../format.ts'
import { make, makeSvg } from '../make.ts'
import { element } from '../node/dom.ts'
import type { Found } from './found.ts'
import type { Picture } from './picture.ts'

export function showPicture(picture: Picture): void {
  const { canvas, name, width, height } = picture
  canvas.setAttribute('role', 'img')
  canvas.setAttribute('aria-label', `${name}, ${width} by ${height} pixels`)
  clearFound()
  element('canvas-holder').replaceChildren(canvas)
  element('canvas-holder').hidden = false
}

export function showFound(picture: Picture | undefined, items: readonly Found[]): void {
  const { width, height } = picture ?? { width: 1, height: 1 }
  const svg = makeSvg('svg', { viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' })
  const lines = items.map((item, i) => {
    const shape = picture === undefined ? null : shapeOf(item, picture)
    if (shape !== null) svg.append(shape)
    const point = (on: boolean) => shape?.classList.toggle('pointed', on)
    const line = make(
      'li',
      {},
      item.text,
      ...item.confidence === null
        ? []
        : [' ', make('small', {}, `${percent(item.confidence)} % sure`)],
    )
    line.addEventListener('pointerenter', () => point(true))
    line.addEventListener('pointerleave', () => point(false))
    shape?.addEventListener('pointerenter', () => line.classList.add('pointed'))
    shape?.addEventListener('pointerleave', () => line.classList.remove('pointed'))
    shape?.setAttribute('data-item', String(i))
    return line
  })
  element('lines').replaceChildren(...lines)
  clearFound()
  if (picture === undefined) return
  element('canvas-holder').append(svg)
  element('over-field').hidden = !items.some(({ box, named }) => box !== null && !named)
}

/** What says how it is drawn has nothing to say then. */
export function clearFound(): void {
  element('canvas-holder').querySelector('svg')?.remove()
  element('over-field').hidden = true
}

/** Of the picture's shorter side. */
const CAPTION_SHARE = 0.045

function shapeOf({ box, text, named, confidence }: Found, picture: Picture): SVGGElement | null {
  if (box === null) return null
  const points = box.map((corner) => corner.join(',')).join(' ')
  const shape = makeSvg('g', { class: 'found' }, makeSvg('polygon', { points }))
  if ((confidence ?? 1) < 0.8) shape.classList.add('unsure')
  const [start, right, , under] = box
  if (start === undefined || right === undefined || under === undefined) return shape
  if (named) {
    const size = CAPTION_SHARE * Math.min(picture.width, picture.height)
    shape.classList.add('named')
    const [x, y] = [start[0] + 0.25 * size, start[1] + size]
    shape.append(makeSvg('text', { x, y, 'font-size': size }, text))
    return shape
  }
  const long = Math.hypot(right[0] - start[0], right[1] - start[1])
  const high = Math.hypot(under[0] - start[0], under[1] - start[1])
  const turn = Math.atan2(right[1] - start[1], right[0] - start[0]) * 180 / Math.PI
  shape.append(makeSvg('text', {
    transform: `translate(${under[0]} ${under[1]}) rotate(${turn}) translate(0 ${-0.22 * high})`,
    'font-size': 0.8 * high,
    textLength: long,
    lengthAdjust: 'spacingAndGlyphs',
  }, text))
  return shape
}
