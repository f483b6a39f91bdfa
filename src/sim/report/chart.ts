/**
 * A line chart over time as inline SVG.
 *
 * @module
 */
export interface Line {
  name: string
  color: string
  /** One value a second, or each `everyS`; null where there is none. */
  values: readonly (number | null)[]
}

export interface ChartOptions {
  title: string
  lines: readonly Line[]
  /** Fixed ends of the vertical axis; else 0 and a round number above all values. */
  from?: number
  to?: number
  format: (value: number) => string
  /** Seconds from one value to the next (1). */
  everyS?: number
  /** Of the picture; a narrow one stays readable on a phone. */
  width?: number
  /** Moments to point out, in seconds. */
  marks?: readonly { atS: number; label: string }[]
}

const WIDTH = 860
const NARROW = 420
const HEIGHT = 220
const LEFT = 72
const RIGHT = 12
const TOP = 12
const BOTTOM = 26
const TICKS = 4
/** From one label of the horizontal axis to the next, at least. */
const LABEL_WIDTH = 95

export const escape = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)

/**
 * Mean of so many seconds up to each; null where none of them has a value.
 *
 * @param weights of the values, so that a mean of shares is the share of them all; else all alike
 * @param everyS of so many seconds alone
 */
export function trailingMean(
  values: readonly (number | null)[],
  seconds: number,
  weights?: readonly number[],
  everyS = 1,
): (number | null)[] {
  const last = values.length - 1
  return Array.from({ length: Math.ceil(last / everyS) + 1 }, (_, place) => {
    // What is left over at the end is in a mean, too.
    const i = Math.min(place * everyS, last)
    let sum = 0
    let whole = 0
    for (let at = Math.max(0, i - seconds + 1); at <= i; at++) {
      const value = values[at]!
      if (value === null) continue
      const weight = weights?.[at] ?? 1
      sum += weight * value
      whole += weight
    }
    return whole > 0 ? sum / whole : null
  })
}

/** The least of 1, 2, 2.5, 5 times a power of ten that is not below. */
export function roundUp(value: number): number {
  if (!(value > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((round) => round >= value - 1e-12)!
}

export function chart(options: ChartOptions): string {
  return `<figure><figcaption>${escape(options.title)}</figcaption>${pictures(options)}</figure>`
}

/** The chart for a desk and for a phone, to be put into a page that has `PICTURES_STYLE`. */
export function pictures(options: ChartOptions): string {
  const widths = [['wide', WIDTH], ['narrow', NARROW]] as const
  return widths.map(([name, width]) =>
    `<div class="${name}">${picture({ ...options, width })}</div>`
  ).join('')
}

/** Shows one of two pictures. */
export const PICTURES_STYLE = `.narrow { display: none }
@media (max-width: 600px) { .wide { display: none } .narrow { display: block } }`

function picture(options: ChartOptions): string {
  const { title, width = WIDTH } = options
  return `<svg viewBox="0 0 ${width} ${HEIGHT}" role="img" aria-label="${escape(title)}">` +
    `${parts(options).join('')}</svg>`
}

const STYLE = `svg { font: 11px system-ui, sans-serif; background: #fff }
.grid { stroke: #8884 } path { fill: none; stroke-width: 1.5; stroke-linejoin: round }`
/** Of a chart's title and its key, above and below it. */
const MARGIN = 18
const KEY_WIDTH = 110

/** As a file of its own, with a key to its lines. */
export function standalone(options: ChartOptions): string {
  const key = options.lines.map(({ name, color }, i) =>
    `<text x="${LEFT + i * KEY_WIDTH}" y="${HEIGHT + MARGIN + 10}" fill="${color}">` +
    `\u25ac ${escape(name)}</text>`
  )
  const height = HEIGHT + 2 * MARGIN
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}">` +
    `<style>${STYLE}</style><text x="${LEFT}" y="14">${escape(options.title)}</text>` +
    `<g transform="translate(0 ${MARGIN})">${parts(options).join('\n')}</g>` +
    `${key.join('')}</svg>\n`
}

function parts(options: ChartOptions): string[] {
  const { lines, from, to, format, width = WIDTH, marks = [], everyS = 1 } = options
  const all = lines.flatMap(({ values }) => values.filter((value) => value !== null))
  const low = from ?? 0
  const high = to ?? low + roundUp(all.reduce((most, value) => Math.max(most, value), 0) - low)
  const seconds = everyS * lines.reduce((most, { values }) => Math.max(most, values.length), 1)
  const x = (t: number) => LEFT + (width - LEFT - RIGHT) * t / Math.max(1, seconds - everyS)
  const y = (value: number) => TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)
  const parts: string[] = []
  for (let i = 0; i <= TICKS; i++) {
    const value = low + (high - low) * i / TICKS
    const at = y(value).toFixed(1)
    parts.push(`<line class="grid" x1="${LEFT}" x2="${width - RIGHT}" y1="${at}" y2="${at}"/>`)
    parts.push(text(LEFT - 6, y(value) + 4, 'end', format(value)))
  }
  // Whole seconds, as that is what labels say.
  const step = Math.ceil(roundUp(Math.max(1, seconds * LABEL_WIDTH / (width - LEFT - RIGHT))))
  for (let t = 0; t <= seconds - everyS; t += step) {
    parts.push(text(x(t), HEIGHT - 8, 'middle', `${t} s`))
  }
  for (const { atS, label } of marks) {
    const at = x(Math.min(atS, seconds - 1)).toFixed(1)
    const title = `<title>${escape(label)}</title>`
    parts.push(
      `<line class="mark" x1="${at}" x2="${at}" y1="${TOP}" y2="${
        HEIGHT - BOTTOM
      }">${title}</line>`,
    )
  }
  for (const { name, color, values } of lines) {
    const path = pathOf(
      values,
      (i) => x(i * everyS),
      (value) => y(Math.min(Math.max(value, low), high)),
    )
    parts.push(`<path d="${path}" stroke="${color}"><title>${escape(name)}</title></path>`)
  }
  return parts
}

const text = (x: number, y: number, anchor: string, content: string) =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escape(content)}</text>`

/** Of a value that has none beside it. */
const DASH = 10

/** A gap in the values is a gap in the line. */
function pathOf(
  values: readonly (number | null)[],
  x: (t: number) => number,
  y: (value: number) => number,
): string {
  let path = ''
  const isThere = (t: number) => values[t] != null
  values.forEach((value, t) => {
    if (value === null) return
    // A line of one point is not drawn.
    const alone = !isThere(t - 1) && !isThere(t + 1)
    path += `${isThere(t - 1) ? 'L' : 'M'}${x(t).toFixed(1)} ${y(value).toFixed(1)}`
    if (alone) path += `m${-DASH / 2} 0h${DASH}`
  })
  return path
}
