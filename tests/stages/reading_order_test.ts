import assert from 'node:assert/strict'
import type { TextBox } from '../../src/stages/box.ts'
import { pageAngle } from '../../src/documents/layout/direction.ts'
import { readingOrder } from '../../src/stages/reading_order.ts'

type Named = TextBox & { name: string }

const line = (name: string, x: number, y: number, width: number, height = 20): Named => {
  return { name, cx: x + width / 2, cy: y, width, height, angle: 0 }
}

/** Turns a page about its corner. */
const turned = (boxes: readonly Named[], degrees: number): Named[] => {
  const a = degrees * Math.PI / 180
  return boxes.map((b) => ({
    ...b,
    cx: b.cx * Math.cos(a) - b.cy * Math.sin(a),
    cy: b.cx * Math.sin(a) + b.cy * Math.cos(a),
    angle: b.angle + a,
  }))
}

const shuffled = <T>(values: readonly T[]): T[] => {
  return values.map((v, i) => ({ v, k: (i * 7 + 3) % 11 })).sort((a, b) => a.k - b.k).map((e) =>
    e.v
  )
}

const names = (boxes: readonly Named[]) => {
  return readingOrder(boxes).map((i) => boxes[i]!.name).join(' ')
}

Deno.test('readingOrder() goes down the page, and left to right within a row', () => {
  const page = [
    line('a', 0, 0, 200),
    line('b', 0, 40, 90),
    line('c', 300, 43, 90),
    line('d', 0, 90, 200),
  ]
  assert.equal(names(shuffled(page)), 'a b c d')
})

Deno.test('readingOrder() reads rows of a turned page', () => {
  // At 8 degrees the end of a row 900 px wide hangs 125 px lower: below the start of the next.
  const rows = [0, 1, 2, 3].flatMap((r) => [
    line(`l${r}`, 0, r * 40, 150),
    line(`r${r}`, 800, r * 40, 100),
  ])
  for (const degrees of [-8, 5, 8]) {
    assert.equal(names(shuffled(turned(rows, degrees))), 'l0 r0 l1 r1 l2 r2 l3 r3')
  }
})

Deno.test('readingOrder() reads two columns of prose one after the other', () => {
  const columns = [0, 1, 2, 3].flatMap((r) => [
    line(`l${r}`, 0, r * 30, 300),
    line(`r${r}`, 340, r * 30 + 3, 300),
  ])
  const expected = 'l0 l1 l2 l3 r0 r1 r2 r3'
  assert.equal(names(shuffled(columns)), expected)
  assert.equal(names(shuffled(turned(columns, 4))), expected)
})

Deno.test('readingOrder() reads a heading across two columns first', () => {
  const page = [
    line('top', 50, -50, 540, 40),
    ...[0, 1, 2].flatMap((r) => [
      line(`l${r}`, 0, r * 30, 300),
      line(`r${r}`, 340, r * 30, 300),
    ]),
  ]
  assert.equal(names(shuffled(page)), 'top l0 l1 l2 r0 r1 r2')
})

Deno.test('readingOrder() reads what is above a heading before what is below it', () => {
  const columns = (from: number, top: number) =>
    [0, 1, 2].flatMap((r) => [
      line(`l${from + r}`, 0, top + r * 30, 300),
      line(`r${from + r}`, 340, top + r * 30, 300),
    ])
  const page = [
    line('second', 50, 240, 540, 40),
    ...columns(0, 0),
    ...columns(3, 120),
    line('first', 50, 90, 540, 40),
    line('a note under a column', 20, 300, 200),
  ]
  assert.equal(
    names(page),
    'l0 l1 l2 r0 r1 r2 first l3 l4 l5 r3 r4 r5 second a note under a column',
  )
})

Deno.test('readingOrder() sees no gutter within a column of lines of unlike lengths', () => {
  const page = [0, 1, 2, 3].flatMap((r) => [
    line(`l${r}`, 0, r * 30, 300),
    // Narrow and far to the left: the others reach beyond it.
    line(`n${r}`, 10, r * 30 + 15, 60, 8),
    line(`r${r}`, 340, r * 30, 300),
  ])
  const rows = (side: string) => [0, 1, 2, 3].map((r) => `${side}${r} n${r}`)
  const left = rows('l').join(' ')
  assert.equal(names(page), `${left} r0 r1 r2 r3`)
})

Deno.test('readingOrder() reads a receipt row by row', () => {
  const rows = [0, 1, 2, 3].flatMap((r) => [
    line(`item${r}`, 0, r * 30, 200),
    line(`price${r}`, 400, r * 30, 60),
  ])
  assert.equal(names(shuffled(rows)), 'item0 price0 item1 price1 item2 price2 item3 price3')
})

Deno.test('readingOrder() tells 64 columns apart and no more: what looks like a thousand is read by rows', () => {
  const page = Array.from(
    { length: 1000 },
    (_, column) => [0, 1, 2].map((row) => line(`${column}.${row}`, column * 250, row * 40, 200)),
  ).flat()
  const order = names(page).split(' ')
  assert.equal(new Set(order).size, 3000)
  assert.deepEqual(order.slice(0, 4), ['0.0', '0.1', '0.2', '1.0'])
  assert.deepEqual(order.slice(-2), ['998.2', '999.2'])
})

Deno.test('readingOrder() gives nothing for nothing', () => {
  assert.deepEqual(readingOrder([]), [])
})

Deno.test('pageAngle() follows long lines, not short ones', () => {
  const boxes = [
    { ...line('a', 0, 0, 300), angle: 0.1 },
    { ...line('b', 0, 0, 280), angle: 0.11 },
    { ...line('c', 0, 0, 20), angle: -0.6 },
    { ...line('d', 0, 0, 22), angle: -0.6 },
  ]
  assert.ok(Math.abs(pageAngle(boxes) - 0.105) < 0.01)
  const many = Array.from({ length: 40 }, () => boxes[2]!)
  assert.ok(Math.abs(pageAngle([...many, ...boxes]) - 0.105) < 0.01)
  assert.equal(pageAngle(many), -0.6, 'where there are no others')
  const of = (angle: number, width: number) => ({ ...line('', 0, 0, width), angle })
  assert.equal(pageAngle([of(0.3, 200), of(0, 200), of(0.1, 150)]), 0.1, 'the one in the middle')
})
