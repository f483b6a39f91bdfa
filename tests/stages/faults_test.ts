/** What a node may not say of any input, by kind of stage. */
import assert from 'node:assert/strict'
import { faultOf } from '../../src/stages/agreement/agreement.ts'
import type { JsonObject } from '../../src/stages/types.ts'

Deno.test('each kind of stage says what no input leads it to', () => {
  const box = [[1, 1], [9, 9]]
  const format = 'jpeg'
  const thing = { kind: 'shoe', score: 0.8, box, format }
  const size = { width: 30, height: 20 }
  const cases: [string, JsonObject | null, string | undefined, JsonObject[]?][] = [
    ['image-classification', null, undefined],
    ['image-classification', { label: 'a', confidence: 1 }, undefined],
    ['image-classification', { text: 'a', confidence: 0 }, undefined],
    ['image-classification', { label: 7, confidence: 0.5 }, 'a class without a name'],
    ['image-classification', { confidence: 0.5 }, 'a class without a name'],
    ...[-0.1, 1.1, '1', null].map((confidence): [string, JsonObject, string] => [
      ...['image-classification', { label: 'a', confidence }, 'a confidence that is none'] as const,
    ]),
    ['text-recognition', null, undefined],
    ['text-recognition', { text: null, confidence: 0.5 }, 'a line without a text'],
    ['text-recognition', { text: 'a', confidence: -0.1 }, 'a confidence that is none'],
    ['object-detection', { ...size, found: [thing] }, undefined],
    ['object-detection', { ...size, found: 1 }, undefined, [thing]],
    ['object-detection', null, 'a picture without a size'],
    ['object-detection', { ...size, height: 0, found: [] }, 'a picture without a size'],
    ['object-detection', { ...size, width: 0, found: [] }, 'a picture without a size'],
    ['object-detection', { ...size, found: [null] }, 'a thing without a box'],
    ['object-detection', { ...size, found: [{ score: 1 }] }, 'a thing without a box'],
    ['object-detection', { ...size, found: 1 }, 'a thing without a box', [{ score: 1, format }]],
    ['object-detection', { ...size, found: [{ box, score: '1' }] }, 'a score that is none'],
    ['object-detection', { ...size, found: [{ box, score: -0.1 }] }, 'a score that is none'],
    ['text-detection', { ...size, lines: 0 }, undefined],
    ['text-detection', { ...size, lines: 1 }, undefined, [{ box, format }]],
    ['text-detection', { ...size, lines: 1 }, 'a crop of no known format', [{ box }]],
    ['object-detection', { ...size, found: 1 }, 'a crop of no known format', [
      { ...thing, format: 'png' },
    ]],
    ['text-detection', { width: 30, lines: 0 }, 'a picture without a size'],
    ['text-detection', { height: 30, lines: 0 }, 'a picture without a size'],
  ]
  for (const [x, y] of [[-9, 5], [5, -9], [99, 5], [5, 99]] as const) {
    const outside = [[x, y], [x + 1, y + 1]]
    cases.push(
      [
        'object-detection',
        { ...size, found: [{ ...thing, box: outside }] },
        'a thing outside the picture',
      ],
      ['text-detection', { ...size, lines: 1 }, 'a line outside the picture', [{
        box: outside,
        format,
      }]],
    )
  }
  for (const bad of [[[1, 1]], [[1, 1], [2]], [[1, 1], [2, null]], [[1, 1], 'x'], 'x']) {
    cases.push(['text-detection', { ...size, lines: 1 }, 'a line without a box', [{
      box: bad,
      format,
    }]])
  }
  for (const [kind, fields, fault, metas = []] of cases) {
    const read = metas.map((meta) => ({ meta, bytes: new Uint8Array() }))
    const found = faultOf(kind, { ok: true, fields, children: { read } })
    assert.equal(found, fault, `${kind} ${JSON.stringify(fields)} ${JSON.stringify(metas)}`)
  }
  assert.equal(
    faultOf({ kind: 'text-recognition' }, { ok: false, reason: 'invalid_input', message: '' }),
    undefined,
  )
})
