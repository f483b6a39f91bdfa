/** What a node may not say of any input, by kind of stage. */
import assert from 'node:assert/strict'
import { faultOf } from '../../src/stages/agreement/agreement.ts'
import type { JsonObject } from '../../src/stages/types.ts'

Deno.test('each kind of stage says what no input leads it to', () => {
  const box = [[1, 1], [9, 1], [9, 9], [1, 9]]
  const crop = { box, format: 'rgb', width: 8, height: 8 }
  const thing = { kind: 'shoe', score: 0.8, box }
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
    ['text-recognition', { text: '', confidence: 0.1 }, 'a line without a text'],
    [
      'text-recognition',
      { text: 'a\u202e', confidence: 0.1 },
      'a text in letters that no model reads',
    ],
    // Whatever the answer quotes of a line is looked for in its own fields first.
    ['text-recognition', { text: 'a', confidence: 1, page: 3 }, 'a field page that there is not'],
    // Of a line on its head: two nodes have to agree on it as on the text.
    ['text-recognition', { text: 'a', confidence: 1, box }, undefined],
    ['text-recognition', { text: 'a', confidence: 1, box: [[1, 1]] }, 'a box that is none'],
    [
      'image-classification',
      { label: 'a', text: 'b', confidence: 1 },
      'a field text that there is not',
    ],
    ['text-detection', { ...size, lines: 0, text: 'a' }, 'a field text that there is not'],
    ['object-detection', { ...size, found: 0, x: 1 }, 'a field x that there is not'],
    ['object-detection', { ...size, found: [{ ...thing, x: 1 }] }, 'a field x that there is not'],
    ['text-detection', { ...size, lines: 1 }, 'a field text that there is not', [
      { ...crop, text: 'a' },
    ]],
    ['text-detection', { ...size, lines: 2 }, 'another number of lines than it says', [crop]],
    ['text-detection', { ...size, lines: 1 }, 'a crop of a size that its line has not', [
      { ...crop, width: 20 },
    ]],
    ['object-detection', { ...size, found: 1 }, 'a crop of a size that its thing has not', [
      { ...thing, ...crop, height: 3 },
    ]],
    ['object-detection', { ...size, found: [{ score: 1, box }] }, 'a thing without a name'],
    ['object-detection', { ...size, found: [thing] }, undefined],
    ['object-detection', { ...size, found: 1 }, undefined, [{ ...thing, ...crop }]],
    ['object-detection', null, 'a picture without a size'],
    ['object-detection', { ...size, height: 0, found: [] }, 'a picture without a size'],
    ['object-detection', { ...size, width: 0, found: [] }, 'a picture without a size'],
    ['object-detection', { ...size, found: [null] }, 'a thing without a box'],
    ['object-detection', { ...size, found: [{ score: 1 }] }, 'a thing without a box'],
    ['object-detection', { ...size, found: 1 }, 'a thing without a box', [
      { score: 1, format: 'rgb' },
    ]],
    ['object-detection', { ...size, found: [{ ...thing, score: '1' }] }, 'a score that is none'],
    ['object-detection', { ...size, found: [{ ...thing, score: -0.1 }] }, 'a score that is none'],
    ['text-detection', { ...size, lines: 0 }, undefined],
    ['text-detection', { ...size, lines: 1 }, undefined, [crop]],
    ['text-detection', { ...size, lines: 1 }, 'a crop of no known format', [{ box }]],
    ['object-detection', { ...size, found: 1 }, 'a crop of no known format', [
      { ...thing, ...crop, format: 'png' },
    ]],
    ['text-detection', { width: 30, lines: 0 }, 'a picture without a size'],
    ['text-detection', { height: 30, lines: 0 }, 'a picture without a size'],
  ]
  for (const [x, y] of [[-9, 5], [5, -9], [99, 5], [5, 99]] as const) {
    const outside = [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1]]
    cases.push(
      [
        'object-detection',
        { ...size, found: [{ ...thing, box: outside }] },
        'a thing outside the picture',
      ],
      ['text-detection', { ...size, lines: 1 }, 'a line outside the picture', [{
        ...crop,
        box: outside,
      }]],
    )
  }
  const [a, b, c, d] = box
  for (
    const bad of [[a], [a, b, c, [2]], [a, b, c, [2, null]], [a, b, c, 'x'], 'x', [a, c, b, d]]
  ) {
    cases.push(['text-detection', { ...size, lines: 1 }, 'a line without a box', [{
      ...crop,
      box: bad as JsonObject['box'] & object,
    }]])
  }
  for (const [kind, fields, fault, metas = []] of cases) {
    const read = metas.map((meta) => ({ meta, bytes: new Uint8Array(3 * 8 * 8) }))
    const found = faultOf({ kind }, { ok: true, fields, children: { read } })
    assert.equal(found, fault, `${kind} ${JSON.stringify(fields)} ${JSON.stringify(metas)}`)
  }
  assert.equal(
    faultOf({ kind: 'text-recognition' }, { ok: false, reason: 'invalid_input', message: '' }),
    undefined,
  )
})
