/**
 * Makes the sample receipt in `demo/samples`: `deno run -A profiles/receipt/sample_receipt.ts`.
 *
 * `receipt.jpg` is its photo, `receipt.txt` what stands on it, `receipt.json` its fields.
 *
 * @module
 */
import { openStudio } from '../ocr/canvas.ts'
import { createRandom } from '../ocr/random.ts'
import { type Fields, foldText, type Receipt, type Row } from '../fields/receipt.ts'
import { renderReceipt } from './render.ts'

const centre = (text: string): Row => ({ runs: [text], at: 'centre' })
const row = (...runs: string[]): Row => ({ runs, at: 'left' })

const rows: Row[] = [
  centre('Lantern Quay Bakery'),
  centre('14 Harbour Street'),
  centre('Port Ellery'),
  centre('Tel. 01632 960 147'),
  row('07/02/2025', '09:41'),
  row('2 x Espresso', '5.00'),
  row('Rye Bread 750g', '4.20'),
  row('3 x Cinnamon Roll', '7.50'),
  row('Oat Cookie', '1.80'),
  row('TOTAL', 'GBP 18.50'),
  row('incl. VAT 20%', '3.08'),
  row('Card', '18.50'),
  centre('Thank you!'),
]

const fields: Fields = {
  merchant: 'Lantern Quay Bakery',
  date: '2025-02-07',
  total: '18.50',
  currency: 'GBP',
  tax: '3.08',
  items: [
    { name: 'Espresso', quantity: 2, price: '5.00' },
    { name: 'Rye Bread 750g', quantity: 1, price: '4.20' },
    { name: 'Cinnamon Roll', quantity: 3, price: '7.50' },
    { name: 'Oat Cookie', quantity: 1, price: '1.80' },
  ],
}

export const sample: Receipt = { rows, fields }

const look = {
  font: 'SourceCodePro600SemiBold',
  size: 28,
  paper: 246,
  ink: 52,
  degrees: -0.8,
  soft: 0.12,
  noise: 4,
  quality: 78,
}

if (import.meta.main) {
  const studio = await openStudio()
  if ('skip' in studio) throw new Error(`Cannot draw: ${studio.skip}`)
  const folder = new URL('../../demo/samples/', import.meta.url)
  const { bytes } = await renderReceipt(studio, sample, createRandom(11), look)
  const text = rows.map(({ runs }) => `${foldText(runs.join('\t'))}\n`).join('')
  await Deno.writeFile(new URL('receipt.jpg', folder), bytes)
  await Deno.writeTextFile(new URL('receipt.txt', folder), text)
  const json = `${JSON.stringify(fields, null, 2)}\n`
  await Deno.writeTextFile(new URL('receipt.json', folder), json)
}
