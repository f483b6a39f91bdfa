/** Documents in their worker: cut into parts, refused with what is wrong, and going on after a death. */
import { PDFDocument } from '@cantoo/pdf-lib'
import assert from 'node:assert/strict'
import { STEP } from '../../src/coordinator/jobs/documents/worker.ts'
import type { Fault } from '../../src/documents/documents.ts'
import { ofAll } from '../exhaustive.ts'
import { boxOf, lineOf, ok, pageOf, startWorker, withDocuments } from './documents.ts'
import {
  deflatedZeros,
  encryptedPdf,
  pdfOf,
  pdfOfContent,
  rawPdf,
  tiffOf,
  tiffOfOneStrip,
} from './made.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const refused = (answer: { ok: boolean }): Fault => {
  assert.equal(answer.ok, false)
  return answer as Fault
}

Deno.test('parts of a PDF hold the right pages, turned as they were', () =>
  withDocuments(async (documents) => {
    const pdf = await PDFDocument.create()
    for (let i = 0; i < 9; i++) {
      pdf.addPage([100 + i, 200]).setRotation({ type: 'degrees', angle: i % 4 * 90 } as never)
    }
    const opened = ok(await documents.open(new Uint8Array(await pdf.save())))
    assert.deepEqual([opened.type, opened.pages], ['application/pdf', 9])
    const part = ok(await documents.part(3, 4))
    assert.equal(part.type, 'application/pdf')
    const pages = (await PDFDocument.load(part.bytes)).getPages()
    assert.deepEqual(pages.map((page) => page.getWidth()), [103, 104, 105, 106])
    assert.deepEqual(pages.map((page) => page.getRotation().angle), [270, 0, 90, 180])
    for (const [from, count] of [[-1, 1], [0, 0], [9, 1], [8, 2], [0.5, 1], [NaN, 1]] as const) {
      assert.equal(refused(await documents.part(from, count)).reason, 'invalid_input')
    }
    assert.equal(ok(await documents.part(8, 1)).ok, true, 'goes on')
  }))

Deno.test('a long PDF is cut into all of its parts, one after another', () =>
  withDocuments(async (documents) => {
    const pdf = await PDFDocument.create()
    for (let i = 0; i < 40; i++) pdf.addPage([100 + i, 200])
    ok(await documents.open(new Uint8Array(await pdf.save())))
    for (let i = 0; i < 40; i++) {
      const part = ok(await documents.part(i, 1))
      const [page] = (await PDFDocument.load(part.bytes)).getPages()
      assert.equal(page!.getWidth(), 100 + i)
    }
  }))

const tiffPage = (shade: number) => ({
  tags: [
    [256, 3, [40]],
    [257, 3, [30]],
    [258, 3, [8]],
    [259, 3, [1]],
    [262, 3, [1]],
    [277, 3, [1]],
    [
      ...[278, 3, [30]] as const,
    ],
  ] as never,
  strip: new Uint8Array(40 * 30).fill(shade),
})

Deno.test('parts of a TIFF hold the right pages, in either order of bytes', () =>
  withDocuments(async (documents) => {
    for (const little of [true, false]) {
      const tiff = tiffOf([200, 201, 202, 203].map(tiffPage), little)
      const opened = ok(await documents.open(tiff))
      assert.deepEqual([opened.type, opened.pages], ['image/tiff', 4])
      const part = ok(await documents.part(1, 2))
      assert.equal(part.type, 'image/tiff')
      assert.ok(part.bytes.includes(202) && !part.bytes.includes(203))
      assert.equal(ok(await documents.open(part.bytes)).pages, 2)
      const whole = ok(await documents.part(0, 2))
      assert.deepEqual(whole.bytes, part.bytes)
    }
  }))

Deno.test('a part leaves out what its pages do not use of what all share', () =>
  withDocuments(async (documents) => {
    const pictures = 20
    const noise = () => crypto.getRandomValues(new Uint8Array(50_000))
    const pages = Array.from({ length: pictures }, (_, i) => 4 + 3 * i)
    const objects: (string | [string, Uint8Array])[] = [
      '<< /Type /Catalog /Pages 2 0 R >>',
      `<< /Type /Pages /Count ${pictures} /Kids [${pages.map((ref) => `${ref} 0 R`).join(' ')}] >>`,
      `<< /XObject << ${pages.map((ref, i) => `/Im${i} ${ref + 2} 0 R`).join(' ')} >> >>`,
    ]
    for (const [i, ref] of pages.entries()) {
      objects.push(
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 500 100] /Resources 3 0 R /Contents ${
          ref + 1
        } 0 R >>`,
        ['', encode(`q 500 0 0 100 0 0 cm /Im${i} Do Q`)],
        [
          '/Type /XObject /Subtype /Image /Width 500 /Height 100 /ColorSpace /DeviceGray /BitsPerComponent 8',
          noise(),
        ],
      )
    }
    ok(await documents.open(rawPdf(objects)))
    const { bytes } = ok(await documents.part(2, 2))
    assert.ok(bytes.length > 100_000 && bytes.length < 110_000, `${bytes.length} bytes`)
    assert.equal(ok(await documents.open(bytes)).pages, 2)
  }))

Deno.test('a part keeps what forms without resources of their own use of their page', () =>
  withDocuments(async (documents) => {
    ok(
      await documents.open(rawPdf([
        '<< /Type /Catalog /Pages 2 0 R >>',
        '<< /Type /Pages /Count 1 /Kids [3 0 R] >>',
        '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 500 100] /Contents 4 0 R /Resources << ' +
        '/XObject << /Fm 5 0 R >> /Font << /F1 6 0 R /F2 7 0 R >> >> >>',
        ['', encode('/Fm Do')],
        ['/Type /XObject /Subtype /Form /BBox [0 0 500 100]', encode('BT /F1 12 Tf (a) Tj ET')],
        '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
        '<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>',
      ])),
    )
    const { bytes } = ok(await documents.part(0, 1))
    const text = new TextDecoder('latin1').decode(bytes)
    assert.ok(text.includes('/Helvetica'))
  }))

const circle = rawPdf([
  '<< /Type /Catalog /Pages 2 0 R >>',
  '<< /Type /Pages /Count 2 /Kids [3 0 R 2 0 R] /Parent 2 0 R >>',
  '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>',
])

const BAD: [name: string, bytes: Uint8Array, reason: Fault['reason'], message: RegExp][] = [
  ['an empty file', new Uint8Array(), 'invalid_input', /empty: send a PDF/],
  ['a text', encode('Sehr geehrte Damen und Herren'), 'unsupported_type', /send a PDF/],
  ['an archive', encode('PK\u0003\u0004 and so on'), 'unsupported_type', /send a PDF/],
  ['an encrypted PDF', await encryptedPdf(), 'encrypted', /save a copy without a password/],
  ['the head of a PDF', encode('%PDF-1.7\nnothing'), 'invalid_input', /send the whole file/],
  [
    'a PDF of more pages than are taken',
    rawPdf([
      '<< /Type /Catalog /Pages 2 0 R >>',
      `<< /Type /Pages /Count 10001 /Kids [${'3 0 R '.repeat(10_001)}] >>`,
      '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>',
    ]),
    ...['too_large', /over 10000 pages: split it/] as const,
  ],
  [
    'a TIFF cut short',
    tiffOf([tiffPage(9)]).subarray(0, 20),
    'invalid_input',
    /send the whole file/,
  ],
  ['a TIFF in a circle', tiffInCircle(), 'invalid_input', /circle; save it anew/],
  ['a BigTIFF', Uint8Array.of(0x49, 0x49, 43, 0, 8, 0, 0, 0), 'unsupported_type', /send a PDF/],
]

function tiffInCircle(): Uint8Array {
  const tiff = tiffOf([tiffPage(9)])
  const view = new DataView(tiff.buffer)
  view.setUint32(8 + 2 + view.getUint16(8, true) * 12, 8, true)
  return tiff
}

Deno.test('a small TIFF that says that it is large is refused before it fills a machine', () =>
  withDocuments(async (documents) => {
    ok(await documents.open(tiffOfOneStrip(4, 10_000)))
    assert.match(refused(await documents.part(0, 4)).message, /lie on each other/)
    ok(await documents.open(tiffOfOneStrip(9000, 20)))
    const page = pageOf([lineOf('a', boxOf(1, 1, 9, 9))])
    ok(await documents.write('text', [page], 'small'))
    assert.match(refused(await documents.write('pdf', [page], 'small')).message, /more in it/)
    ok(await documents.open(await pdfOf(['blank'])))
  }))

Deno.test('each bad file is refused with what to do, and the next is opened', () =>
  withDocuments(async (documents) => {
    const good = await pdfOf(['blank'])
    for (const [name, bytes, reason, message] of BAD) {
      const fault = refused(await documents.open(bytes))
      assert.equal(fault.reason, reason, name)
      assert.match(fault.message, message, name)
      assert.equal(refused(await documents.part(0, 1)).reason, 'invalid_input', 'none is open')
      assert.equal(ok(await documents.open(good)).pages, 1)
      ok(await documents.part(0, 1))
    }
  }))

Deno.test(ofAll({
  name: 'files made to harm are answered, and the next is opened',
  fn: () =>
    withDocuments(async (documents) => {
      // More than its reader may have.
      const zeros = await deflatedZeros(1200)
      const bombs = [
        circle,
        pdfOfContent('/Filter /FlateDecode', zeros),
        pdfOfContent('/Filter [/FlateDecode /FlateDecode]', zeros),
        pdfOfContent('/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode', zeros),
        pdfOfContent('', encode('['.repeat(1_000_000))),
        encode(`%PDF-1.7\n1 0 obj\n${'<</A '.repeat(500_000)}`),
        rawPdf(['<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Count 1 /Kids [2 0 R] >>']),
        (await pdfOf(['blank', 'text', 'scan'])).subarray(0, 3000),
      ]
      for (const bytes of bombs) {
        const opened = await documents.open(bytes)
        if (!opened.ok) continue
        await documents.part(0, 1)
        await documents.write('pdf', [pageOf([lineOf('a', boxOf(1, 1, 9, 9))])], 'bomb')
      }
      assert.equal(ok(await documents.open(await pdfOf(['blank', 'blank']))).pages, 2)
      ok(await documents.part(0, 2))
      // Opening one of them would take memory for minutes.
    }, { openMs: 20_000 }),
}))

Deno.test('a part has no program of its document', () =>
  withDocuments(async (documents) => {
    const action = '<< /S /JavaScript /JS (app.alert\\(1\\)) >>'
    ok(
      await documents.open(rawPdf([
        `<< /Type /Catalog /Pages 2 0 R /OpenAction ${action} /Names << /JavaScript << /Names [(a) ${action}] >> >> >>`,
        '<< /Type /Pages /Count 1 /Kids [3 0 R] >>',
        '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>',
      ])),
    )
    const { bytes } = ok(await documents.part(0, 1))
    assert.ok(!new TextDecoder('latin1').decode(bytes).includes('JavaScript'))
  }))

Deno.test('what harms is a fault when a worker dies, and the next call has another', async () => {
  const workers = [startWorker('./dying_after_open.ts'), startWorker()]
  await withDocuments(async (documents) => {
    ok(await documents.open(await pdfOf(['blank', 'blank', 'blank'])))
    const fault = refused(await documents.part(0, 1))
    assert.equal(fault.reason, 'internal')
    assert.match(fault.message, /died: .*Out of memory.*; try again, with fewer pages/)
    const { bytes } = ok(await documents.part(1, 2))
    assert.equal((await PDFDocument.load(bytes)).getPageCount(), 2, 'of the document that was open')
  }, { createWorker: () => workers.shift()!() })
})

Deno.test('a call that does not come back is given up, and the next has another worker', async () => {
  const workers = [startWorker('../coordinator/stuck_worker.ts'), startWorker()]
  const due: (() => void)[] = []
  const deadlines = {
    at(atMs: number, action: () => void) {
      assert.equal(atMs, STEP.openMs)
      due.push(action)
      return () => {}
    },
  }
  await withDocuments(async (documents) => {
    const stuck = documents.open(await pdfOf(['blank']))
    const next = documents.open(await pdfOf(['blank', 'blank']))
    while (due.length === 0) await Promise.resolve()
    due[0]!()
    const fault = refused(await stuck)
    assert.equal(fault.reason, 'too_large')
    assert.match(fault.message, /longer than 10 s: split it/)
    assert.equal(ok(await next).pages, 2)
  }, { createWorker: () => workers.shift()!(), now: () => 0, deadlines })
})

Deno.test('a worker that cannot start is a fault', () =>
  withDocuments(async (documents) => {
    assert.equal(refused(await documents.open(new Uint8Array(9))).reason, 'internal')
  }, { createWorker: startWorker('./no_such_worker.ts') }))
