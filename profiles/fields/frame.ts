/**
 * What stands around the items of a receipt: the shop, dates, numbers, thanks.
 *
 * @module
 */
import type { Row } from './receipt.ts'
import { centre, left, type Setting } from './setting.ts'
import { itemName, shopName } from './names.ts'
import { timeText } from './dates.ts'
import { type Language, patterned, weighted } from './world.ts'

/** The shop's name among what may stand above and below it. */
export function headRows(setting: Setting, merchant: string): Row[] {
  const { random, label } = setting
  const rows: Row[] = []
  if (random.chance(0.06)) rows.push(centre(label('welcome')))
  else if (random.chance(0.08)) rows.push(centre(label('title')))
  const sign = random.chance(0.06) ? random.pick(['*** ', '* ', '- ', '== ']) : ''
  rows.push(centre(sign + merchant + [...sign].reverse().join('')))
  if (random.chance(0.65)) rows.push(...addressRows(setting))
  if (random.chance(0.35)) rows.push(centre(phoneText(setting)))
  if (random.chance(0.2)) rows.push(centre(taxNumber(setting)))
  if (random.chance(0.12)) rows.push(centre(siteText(setting, merchant)))
  if (random.chance(0.12)) rows.push(centre(label('title')))
  return rows
}

const streets: { readonly [language in Language]: (name: string, number: number) => string } = {
  en: (name, number) => `${number} ${name} Street`,
  de: (name, number) => `${name}str. ${number}`,
  fr: (name, number) => `${number} rue de ${name}`,
  es: (name, number) => `Calle ${name}, ${number}`,
}

function place({ random, world, language }: Setting): string {
  return shopName(random, world, language).split(/[ -]/)[0]!
}

function addressRows(setting: Setting): Row[] {
  const { random, language } = setting
  const street = streets[language](place(setting), random.integer(1, 199))
  const code = patterned(random, random.pick(['#####', '####', '#####', 'AA# #AA']))
  const town = random.chance(0.7) ? `${code} ${place(setting)}` : `${place(setting)}, ${code}`
  return random.chance(0.2) ? [centre(`${street}, ${town}`)] : [centre(street), centre(town)]
}

function phoneText({ random }: Setting): string {
  const pattern = random.pick([
    '0## ### ## ##',
    '+## ## #######',
    '(###) ###-####',
    '0####/#####',
    '### ### ###',
    '+### #### ####',
  ])
  const label = random.pick(['Tel. ', 'Tel: ', 'Tel ', '', 'Phone ', 'Fon: ', 'T: '])
  return label + patterned(random, pattern)
}

function taxNumber({ random, language }: Setting): string {
  return patterned(
    random,
    random.pick(
      {
        en: ['VAT No. GB#########', 'VAT Reg ### #### ##', 'Tax ID ##-#######'],
        de: ['USt-IdNr. DE#########', 'St.-Nr. ##/###/#####', 'CHE-###.###.### MWST'],
        fr: ['SIRET ### ### ### #####', 'TVA FR###########', 'RCS ### ### ###'],
        es: ['CIF B########', 'NIF A########', 'NIF: ########A'],
      }[language],
    ),
  )
}

function siteText({ random }: Setting, merchant: string): string {
  const name = merchant.toLowerCase().replace(/[^a-z]+/g, '') || 'shop'
  return `${random.chance(0.5) ? 'www.' : ''}${name}${random.pick(['.com', '.de', '.fr', '.es'])}`
}

/** Date and time, with a label or a number of the receipt; or these alone. */
export function dateRows(setting: Setting, date: string | undefined): Row[] {
  const { random, label } = setting
  const number = `${label('number')}${random.pick([' ', ': ', ' #'])}${
    patterned(random, random.pick(['####', '######', '##', 'A-####', '####/##', '########']))
  }`
  if (date === undefined) return random.chance(0.4) ? [left(number)] : []
  const time = timeText(random)
  const named = `${label('date')}${random.pick([': ', ' ', ':', ': '])}${date}`
  return weighted<() => Row[]>(random, [
    [4, () => [left(date, time)]],
    [3, () => [left(`${date} ${time}`)]],
    [3, () => [left(date)]],
    [3, () => [left(named)]],
    [2, () => [left(named, time)]],
    [2, () => [left(`${named} ${time}`)]],
    [2, () => [left(number, date)]],
    [1, () => [left(date, number)]],
    [1.5, () => [left(number), left(`${date} ${time}`)]],
    [1, () => [left(time, date)]],
    [1, () => [left(label('date') + random.pick([':', '']), date)]],
    [1, () => [centre(`${date} - ${time}`)]],
  ])()
}

/** Rows that say nothing that is asked for. */
export function noiseRows(setting: Setting): Row[] {
  const { random, world, language } = setting
  const rows: Row[] = []
  const line = () => random.pick(['-', '=', '*', '_', '.']).repeat(random.integer(6, 24))
  const makers: (() => Row)[] = [
    () => left(line()),
    () =>
      left(
        `${random.pick(['Server', 'Cashier', 'Kassierer', 'Op', 'Serveur', 'Le atendió'])}: ${
          place(setting)
        }`,
      ),
    () => left(patterned(random, random.pick(['Table ##', 'Tisch #', 'Table: #', 'Mesa ##']))),
    () =>
      left(
        patterned(random, random.pick(['Terminal ####', 'POS ##', 'TID: ########', 'Store ###'])),
      ),
    () => left(patterned(random, 'Points: ###')),
    () => left(`${itemName(random, world, language)}!`),
  ]
  while (random.chance(0.3) && rows.length < 3) rows.push(random.pick(makers)())
  return rows
}

export function footRows(setting: Setting): Row[] {
  const { random, label } = setting
  const rows = random.chance(0.25) ? noiseRows(setting) : []
  if (random.chance(0.5)) rows.push(centre(label('greeting')))
  if (random.chance(0.1)) rows.push(centre(patterned(random, '#### #### #### ####')))
  return rows
}
