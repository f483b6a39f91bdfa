/** Lines in languages of each script, read by the weights that are shipped. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { openStudio } from '../../profiles/ocr/canvas.ts'
import { editDistance } from '../../profiles/ocr/score.ts'
import { ROOT } from '../../src/cli/root.ts'
import { stages } from '../../src/stages/stages.ts'
import type { StageItem } from '../../src/stages/types.ts'
import { contextIn, ocrDir } from './ocr.ts'

const studio = await openStudio()

/** Black on white, as a scan of print has it. */
function lineOf(text: string, font: string): StageItem {
  if ('skip' in studio) throw new Error(studio.skip)
  const measured = studio.canvas.createCanvas(1, 1).getContext('2d')
  measured.font = font
  const width = Math.ceil(measured.measureText(text).width) + 12
  const height = 42
  const canvas = studio.canvas.createCanvas(width, height)
  const ctx = canvas.getContext('2d')
  ctx.fillStyle = 'white'
  ctx.fillRect(0, 0, width, height)
  ctx.fillStyle = 'black'
  ctx.font = font
  ctx.fillText(text, 6, 32)
  const { data } = ctx.getImageData(0, 0, width, height)
  const bytes = data.filter((_, i) => i % 4 < 3)
  return { meta: { format: 'rgb', width, height }, bytes: new Uint8Array(bytes) }
}

const LATIN = {
  German:
    'Bitte überweisen Sie den Betrag bis zum 31. März auf unser Konto, größere Summen früher.',
  French: 'Nous vous prions de régler cette facture dès réception; à défaut, elle sera majorée.',
  Polish: 'Proszę zapłacić należność do końca września, inaczej naliczymy odsetki za zwłokę.',
  Czech: 'Částku prosím uhraďte do konce měsíce na účet uvedený níže, děkujeme.',
  Turkish: 'Ödemenizi lütfen ay sonuna kadar aşağıdaki hesaba yapınız, teşekkür ederiz.',
  Vietnamese: 'Quý khách vui lòng thanh toán tiền điện trước ngày hết hạn.',
}

const CYRILLIC = {
  Russian: 'Просим оплатить счёт до конца месяца, иначе будут начислены пени: 1,5 % в день.',
  Ukrainian: 'Просимо сплатити рахунок до кінця місяця, її сума зазначена нижче.',
  Bulgarian: 'Молим да платите сметката до края на месеца по посочената сметка в банката.',
  Serbian: 'Молимо вас да рачун платите до краја месеца, хвала на поверењу.',
}

const GREEK = {
  Greek: 'Παρακαλούμε να εξοφλήσετε τον λογαριασμό έως τις 31 Μαρτίου, ευχαριστούμε πολύ.',
}

const SCRIPTS = [
  [ocrDir, LATIN, ['30px OpenSans400Regular', '32px Merriweather400Regular']],
  [join(ROOT, 'profiles/cyrillic/documents'), CYRILLIC, [
    '30px OpenSans400Regular',
    '30px Roboto400Regular',
  ]],
  [join(ROOT, 'profiles/greek/documents'), GREEK, [
    '30px OpenSans400Regular',
    '30px Roboto400Regular',
  ]],
] as const

for (const [dir, lines, fonts] of SCRIPTS) {
  for (const [language, text] of Object.entries(lines)) {
    Deno.test({
      name: `a line of ${language} is read with one letter wrong at most`,
      ignore: 'skip' in studio,
      fn: async () => {
        const items = fonts.map((font) => lineOf(text, font))
        const context = await contextIn(dir, 'recognise', 'h32w480')
        const results = await stages['text-recognition']!.run(items, context)
        for (const result of results) {
          const read = result.ok ? String(result.fields?.['text']) : ''
          assert.ok(editDistance(read, text) <= 1, read)
        }
      },
    })
  }
}
