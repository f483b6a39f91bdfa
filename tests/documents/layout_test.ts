import assert from 'node:assert/strict'
import { openStudio } from '../../profiles/ocr/canvas.ts'
import { measureLayout } from '../../src/cli/layout/measure.ts'
import { layoutOf } from '../../src/documents/layout/layout.ts'
import type { Block, Line, Quad } from '../../src/documents/page.ts'

const size = { width: 1000, height: 1400 }

const line = (text: string, left: number, top: number, width: number, height = 20): Line => ({
  text,
  confidence: 1,
  box: [[left, top], [left + width, top], [left + width, top + height], [left, top + height]],
})

/** The same page handed over turned clockwise by quarters. */
function turned(lines: readonly Line[], quarters: number): Line[] {
  const about = ([x, y]: [number, number]): [number, number] =>
    quarters === 1
      ? [size.height - y, x]
      : quarters === 2
      ? [size.width - x, size.height - y]
      : [y, size.width - x]
  return lines.map((one) => ({ ...one, box: one.box.map(about) as Quad }))
}

const linesOf = (blocks: readonly Block[]) =>
  blocks.flatMap((block) => block.kind === 'text' ? block.lines : block.rows.flat(2))

const textOf = (blocks: readonly Block[]) => linesOf(blocks).map(({ text }) => text).join(' ')

const columns = [0, 1, 2, 3].flatMap((r) => [
  line(`r${r}`, 520, 200 + 30 * r, 380),
  line(`l${r}`, 100, 200 + 30 * r, 380),
])

Deno.test('layoutOf() reads two columns of prose one after the other, and sees no table in them', () => {
  const { turn, blocks } = layoutOf([...columns, line('heading', 100, 100, 700, 40)], size)
  assert.equal(turn, 0)
  assert.equal(textOf(blocks), 'heading l0 l1 l2 l3 r0 r1 r2 r3')
  assert.deepEqual(blocks.map(({ kind }) => kind), ['text', 'text', 'text'])
  assert.deepEqual(blocks[1]!.area, { left: 100, top: 200, right: 480, bottom: 310 })
})

Deno.test('layoutOf() tells by how much a page has to be turned, and reads it as if it were', () => {
  for (const [quarters, turn] of [[1, 270], [2, 180], [3, 90]] as const) {
    const layout = layoutOf(turned(columns, quarters), size)
    assert.equal(layout.turn, turn)
    assert.equal(textOf(layout.blocks), 'l0 l1 l2 l3 r0 r1 r2 r3')
  }
})

Deno.test('layoutOf() finds a table without rules: rows of as many cells, empty ones among them', () => {
  const rows = ['apples', 'pears', 'plums'].flatMap((name, r) => [
    line(name, 100, 300 + 35 * r, 80),
    line(`${r}`, 400, 300 + 35 * r, 12),
    ...r === 1 ? [] : [line(`${r}.50`, 600, 300 + 35 * r, 50)],
  ])
  const { blocks } = layoutOf([line('a paragraph above', 100, 200, 700), ...rows], size)
  assert.deepEqual(blocks.map(({ kind }) => kind), ['text', 'table'])
  const table = blocks[1]!
  assert.ok(table.kind === 'table')
  assert.deepEqual(
    table.rows.map((row) => row.map((cell) => cell.map(({ text }) => text).join())),
    [['apples', '0', '0.50'], ['pears', '1', ''], ['plums', '2', '2.50']],
  )
})

Deno.test('layoutOf() takes items with prices for a table, an address beside a date for none', () => {
  const pairs = (texts: [string, string][]) =>
    texts.flatMap(([a, b], r) => [
      line(a, 100, 100 + 27 * r, 120),
      line(b, 600, 100 + 27 * r, 90),
    ])
  const kindsOf = (lines: Line[]) => layoutOf(lines, size).blocks.map(({ kind }) => kind)
  assert.deepEqual(kindsOf(pairs([['Bread', '2.40'], ['Milk', '1.19'], ['Tea', '3.00']])), [
    'table',
  ])
  const heads = pairs([['A. Smith', 'Our letter'], ['1 Road', 'Berlin'], ['Town', 'in June']])
  assert.deepEqual(kindsOf(heads), ['text', 'text'])
  assert.equal(
    textOf(layoutOf(heads, size).blocks),
    'A. Smith 1 Road Town Our letter Berlin in June',
  )
})

Deno.test('layoutOf() puts each line in one block, whatever it is given', () => {
  const many = (count: number, of: (i: number) => Line) =>
    Array.from({ length: count }, (_, i) => of(i))
  const hostile: { [name: string]: Line[] } = {
    none: [],
    'one row': many(4000, (i) => line(`${i}`, 3 * i, 100, 2)),
    'one place': many(4000, (i) => line(`${i}`, 100, 100, 300)),
    'one column': many(4000, (i) => line(`${i}`, 100, 25 * i, 300)),
    'a grid': many(4900, (i) => line(`${i}`, 150 * (i % 70), 40 * Math.floor(i / 70), 60)),
    'columns of prose': many(
      4800,
      (i) => line(`${i}`, 250 * (i % 80), 30 * Math.floor(i / 80), 200),
    ),
    stairs: many(4000, (i) => line(`${i}`, 20 * i, 15 * i, 300)),
    headings: many(
      4000,
      (i) => line(`${i}`, i % 3 === 0 ? 0 : i % 3 * 500 - 480, 12 * i, i % 3 ? 400 : 980),
    ),
    'more than are laid out': many(20_000, (i) => line(`${i}`, 100, 25 * i, 300)),
    'no place': [
      line('lost', NaN, 0, 10),
      line('far', 1e300, 1e300, 1e300),
      line('thin', 5, 5, 0, 0),
    ],
  }
  for (const [name, lines] of Object.entries(hostile)) {
    const { blocks } = layoutOf(lines, size)
    assert.equal(new Set(linesOf(blocks)).size, lines.length, name)
    assert.equal(linesOf(blocks).length, lines.length, name)
  }
})

const studio = await openStudio()

Deno.test({
  name: 'labelled pages of each kind are laid out as they were set, from their true lines',
  ignore: 'skip' in studio,
  fn: async () => {
    const { onTrueLines } = await measureLayout(3, undefined, 5)
    for (const [kind, score] of onTrueLines) {
      assert.equal(score.turnsRight, score.pages, kind)
      assert.ok(score.errors <= 0.06 * score.characters, `${kind}: ${JSON.stringify(score)}`)
      assert.ok(score.cellsRight >= 0.95 * score.cells, `${kind}: ${JSON.stringify(score)}`)
    }
  },
})
