/**
 * Pages of each kind, each set from its top to its end.
 *
 * @module
 */
import {
  LEADING,
  lines,
  paragraph,
  phrase,
  type Setter,
  table,
  type TableColumn,
  type TrueBlock,
} from './setting.ts'
import { type Face, SHEET } from './sheet.ts'

const MARGIN = 90
const WIDTH = SHEET.width - 2 * MARGIN
const FOOT = SHEET.height - 110

/** Fonts of one page. */
export interface Faces {
  body: Face
  heading: Face
}

export type Kind = (setter: Setter, faces: Faces) => TrueBlock[]

/** Sets blocks one below the other, and says where the next one may stand. */
class Column {
  readonly blocks: TrueBlock[] = []
  y: number
  readonly #setter: Setter
  readonly #at: { x: number; width: number }

  constructor(setter: Setter, at: { x: number; y: number; width: number }) {
    this.#setter = setter
    this.#at = at
    this.y = at.y
  }

  heading(face: Face, text = phrase(this.#setter, 3)): void {
    const { sheet } = this.#setter
    let fitting = text
    while (sheet.widthOf(fitting, face) > this.#at.width) fitting = fitting.replace(/ \S+$/, '')
    this.y += 0.6 * face.size
    this.#add(lines(this.#setter, [fitting], { x: this.#at.x, y: this.y, face }))
  }

  paragraph(face: Face, characters: number): void {
    this.#add(paragraph(this.#setter, { ...this.#at, y: this.y, face, characters }))
  }

  lines(face: Face, texts: string[], x = this.#at.x): void {
    this.#add(lines(this.#setter, texts, { x, y: this.y, face }))
  }

  table(face: Face, columns: TableColumn[], ruled: boolean): void {
    const step = (ruled ? 1.9 : 1.65) * face.size
    const y = this.y + 0.5 * face.size
    this.#add(table(this.#setter, columns, { x: this.#at.x, y, face, step, ruled }))
  }

  /** Prose down to `foot`, with a heading now and then. */
  fill(faces: Faces, foot: number, characters: number): void {
    const { random } = this.#setter
    const rows = characters * 0.5 * faces.body.size / this.#at.width + 2
    while (this.y + rows * LEADING * faces.body.size < foot) {
      if (random.chance(0.3)) this.heading({ ...faces.heading, size: faces.body.size * 1.4 })
      this.paragraph(faces.body, random.between(0.5, 0.9) * characters)
    }
  }

  #add({ block, next }: { block: TrueBlock; next: number }): void {
    this.blocks.push(block)
    this.y = next
  }
}

const whole = (setter: Setter, y = 130) => new Column(setter, { x: MARGIN, y, width: WIDTH })

const prose: Kind = (setter, faces) => {
  const column = whole(setter)
  column.heading(faces.heading)
  column.fill(faces, FOOT, 420)
  return column.blocks
}

const twoColumns: Kind = (setter, faces) => {
  const top = whole(setter)
  top.heading(faces.heading)
  if (setter.random.chance(0.5)) top.paragraph(faces.body, 200)
  const gutter = setter.random.between(30, 50)
  const width = (WIDTH - gutter) / 2
  const blocks = [...top.blocks]
  let y = top.y
  const parts = setter.random.chance(0.4) ? 2 : 1
  for (let part = 1; part <= parts; part++) {
    const foot = y + (FOOT - y) / (parts - part + 1) - (part < parts ? 60 : 0)
    const left = new Column(setter, { x: MARGIN, y, width })
    left.fill(faces, foot, 260)
    const right = new Column(setter, { x: MARGIN + width + gutter, y, width })
    right.fill(faces, setter.random.chance(0.5) ? foot : (y + 2 * foot) / 3, 260)
    blocks.push(...left.blocks, ...right.blocks)
    y = Math.max(left.y, right.y) + 20
    if (part === parts) break
    const between = whole(setter, y)
    between.heading({ ...faces.heading, size: 0.8 * faces.heading.size }, phrase(setter, 7))
    blocks.push(...between.blocks)
    y = between.y
  }
  return blocks
}

const amount = ({ random }: Setter, most: number): string => {
  const text = (random.unit() * most).toFixed(2)
  return text.replace(/(\d)(?=(\d{3})+\.)/g, '$1,')
}

/** A table of names, places and figures, its first row the headings. */
function figures(setter: Setter, rows: number): TableColumn[] {
  const { random } = setter
  const count = random.integer(3, 5)
  const first = random.between(0.3, 0.38) * WIDTH
  const width = (WIDTH - first) / (count - 1)
  const texts = (one: () => string) => Array.from({ length: rows }, one)
  const kinds: (() => TableColumn)[] = [
    () => ({
      width,
      align: 'right' as const,
      texts: ['Amount', ...texts(() => random.chance(0.1) ? '' : amount(setter, 20000))],
    }),
    () => ({
      width,
      align: 'right' as const,
      texts: ['Count', ...texts(() => String(random.integer(1, 900)))],
    }),
    () => ({
      width,
      align: 'left' as const,
      texts: ['Place', ...texts(() => phrase(setter, 1))],
    }),
    () => ({
      width,
      align: 'left' as const,
      texts: ['Day', ...texts(() => `${random.integer(1, 28)}.${random.integer(1, 12)}.2024`)],
    }),
  ]
  const name = { width: first, align: 'left' as const }
  return [
    { ...name, texts: ['Name', ...texts(() => phrase(setter, random.integer(1, 2)))] },
    ...Array.from({ length: count - 1 }, () => random.pick(kinds)()),
  ]
}

const tables = (ruled: boolean): Kind => (setter, faces) => {
  const column = whole(setter)
  column.heading(faces.heading)
  for (let i = 0; i < 2; i++) {
    column.paragraph(faces.body, 250)
    column.table(faces.body, figures(setter, setter.random.integer(4, 9)), ruled)
  }
  column.paragraph(faces.body, 200)
  return column.blocks
}

const address = (setter: Setter): string[] => {
  const { random } = setter
  return [
    `${phrase(setter, 1)} ${phrase(setter, 1)}`,
    `${random.integer(1, 200)} ${phrase(setter, 1)} Street`,
    `${random.integer(10000, 99999)} ${phrase(setter, 1)}`,
    ...random.chance(0.5) ? [phrase(setter, 1)] : [],
  ]
}

const day = ({ random }: Setter) =>
  `${random.integer(1, 28)} ${random.pick(['March', 'June', 'October'])} 2024`

const letter: Kind = (setter, faces) => {
  const column = whole(setter)
  const small = { ...faces.body, size: 0.8 * faces.body.size }
  column.lines(small, [`${phrase(setter, 2)}, ${phrase(setter, 1)} Road 7, 10115 Berlin`])
  const top = column.y + 20
  column.y = top
  column.lines(faces.body, address(setter))
  const below = column.y
  column.y = top
  const right = MARGIN + setter.random.between(0.62, 0.7) * WIDTH
  const told = [
    `Your letter of ${setter.random.integer(1, 28)} May`,
    `Phone 030 ${setter.random.integer(100000, 999999)}`,
  ]
  column.lines(small, setter.random.chance(0.5) ? [...told, day(setter)] : [day(setter)], right)
  column.y = Math.max(below, column.y) + 50
  column.lines({ ...faces.body, font: faces.heading.font }, [phrase(setter, 5)])
  column.lines(faces.body, ['Dear Sir or Madam,'])
  for (let i = 0; i < 3; i++) column.paragraph(faces.body, setter.random.between(200, 400))
  column.lines(faces.body, ['Yours sincerely,'])
  column.y += 40
  column.lines(faces.body, [phrase(setter, 2)])
  return column.blocks
}

const invoice: Kind = (setter, faces) => {
  const { random } = setter
  const column = whole(setter)
  column.heading(faces.heading, 'Invoice')
  const top = column.y + 20
  column.y = top
  column.lines(faces.body, address(setter))
  const below = column.y
  column.y = top + 0.4 * faces.body.size
  const right = MARGIN + 0.62 * WIDTH
  column.lines(
    faces.body,
    [`Number ${random.integer(1000, 99999)}`, `Date ${day(setter)}`, 'Due within 14 days'],
    right,
  )
  column.y = Math.max(below, column.y) + 40
  const rows = random.integer(3, 9)
  const texts = (one: () => string) => Array.from({ length: rows }, one)
  column.table(faces.body, [
    {
      width: 0.46 * WIDTH,
      align: 'left',
      texts: [
        'Description',
        ...texts(() => phrase(setter, random.integer(1, 4)).slice(0, 28).trimEnd()),
        'Sum',
      ],
    },
    {
      width: 0.14 * WIDTH,
      align: 'right',
      texts: ['Qty', ...texts(() => `${random.integer(1, 20)}`), ''],
    },
    {
      width: 0.2 * WIDTH,
      align: 'right',
      texts: ['Price', ...texts(() => amount(setter, 500)), ''],
    },
    {
      width: 0.2 * WIDTH,
      align: 'right',
      texts: ['Total', ...texts(() => amount(setter, 5000)), amount(setter, 20000)],
    },
  ], random.chance(0.5))
  column.y += 30
  column.paragraph(faces.body, 160)
  return column.blocks
}

/** A slip of items and prices, as a till prints it. */
const receipt: Kind = (setter, faces) => {
  const { random } = setter
  const column = new Column(setter, { x: 250, y: 130, width: 480 })
  column.heading(faces.heading, phrase(setter, 2))
  const rows = random.integer(5, 14)
  const items = Array.from({ length: rows }, () => phrase(setter, random.integer(1, 2)))
  column.table(faces.body, [
    { width: 340, align: 'left', texts: [...items, 'Total'] },
    {
      width: 140,
      align: 'right',
      texts: [...items.map(() => amount(setter, 40)), amount(setter, 400)],
    },
  ], false)
  column.lines(faces.body, ['Thank you', day(setter)])
  return column.blocks
}

export const kinds = {
  prose,
  columns: twoColumns,
  ruled: tables(true),
  borderless: tables(false),
  letter,
  invoice,
  receipt,
} satisfies { [name: string]: Kind }
