/**
 * Dates and times as receipts print them: the day goes before the month where both are numbers.
 *
 * @module
 */
import type { Random } from '../ocr/random.ts'
import { type Language, weighted } from './world.ts'

const listed = (text: string) => text.split(' ')

const months: { readonly [language in Language]: readonly string[] } = {
  en: listed(
    'January February March April May June July August September October November December',
  ),
  de: listed('Januar Februar März April Mai Juni Juli August September Oktober November Dezember'),
  fr: listed(
    'janvier février mars avril mai juin juillet août septembre octobre novembre décembre',
  ),
  es: listed(
    'enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre',
  ),
}

const shortMonths: { readonly [language in Language]: readonly string[] } = {
  en: listed('Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'),
  de: listed('Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez'),
  fr: listed('janv févr mars avr mai juin juil août sept oct nov déc'),
  es: listed('ene feb mar abr may jun jul ago sep oct nov dic'),
}

const weekdays: { readonly [language in Language]: readonly string[] } = {
  en: listed('Mon Tue Wed Thu Fri Sat Sun Monday Friday Saturday'),
  de: listed('Mo Di Mi Do Fr Sa So Montag Freitag Samstag'),
  fr: listed('lun mar mer jeu ven sam dim lundi vendredi samedi'),
  es: listed('lun mar mié jue vie sáb dom lunes viernes sábado'),
}

const two = (n: number) => String(n).padStart(2, '0')

/** A day and how it is printed. */
export function dateOf(random: Random, language: Language): { iso: string; text: string } {
  const year = random.integer(2012, 2031)
  const month = random.integer(1, 12)
  const day = random.integer(1, [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]!)
  const text = dateText(random, language, year, month, day)
  return { iso: `${year}-${two(month)}-${two(day)}`, text }
}

function dateText(
  random: Random,
  language: Language,
  year: number,
  month: number,
  day: number,
): string {
  const long = months[language][month - 1]!
  const brief = shortMonths[language][month - 1]!
  const name = random.chance(0.5) ? long : brief
  const styled = random.chance(0.3) ? name.toUpperCase() : name
  const mark = random.pick(['.', '/', '-'])
  const shortYear = two(year % 100)
  const text = weighted<() => string>(random, [
    [5, () => [two(day), two(month), year].join(mark)],
    [3, () => [two(day), two(month), shortYear].join(mark)],
    [1, () => [day, month, year].join(mark)],
    [0.5, () => [day, month, shortYear].join(mark)],
    [2, () => [year, two(month), two(day)].join(random.pick(['-', '-', '/', '.']))],
    [2, () => `${day} ${language === 'es' ? `de ${long} de` : styled} ${year}`],
    [1, () => `${day}${language === 'de' ? '.' : ''} ${styled} ${year}`],
    [1, () => `${two(day)}-${brief.toUpperCase()}-${random.chance(0.5) ? year : shortYear}`],
    [language === 'en' ? 2 : 0, () => `${styled} ${day}, ${year}`],
    [0.5, () => `${day} ${brief} ${year}`],
    [0.5, () => `${two(day)} ${brief} '${shortYear}`],
    [0.5, () => `${two(day)}${brief}${year}`],
  ])()
  if (!random.chance(0.15)) return text
  return `${random.pick(weekdays[language])}${random.pick([' ', ', ', '. '])}${text}`
}

export function timeText(random: Random): string {
  const hour = random.integer(6, 23)
  const minute = two(random.integer(0, 59))
  return weighted<() => string>(random, [
    [6, () => `${two(hour)}:${minute}`],
    [3, () => `${two(hour)}:${minute}:${two(random.integer(0, 59))}`],
    [1, () => `${(hour - 1) % 12 + 1}:${minute} ${hour < 12 ? 'AM' : 'PM'}`],
    [0.6, () => `${hour}h${minute}`],
    [0.6, () => `${hour}.${minute} Uhr`],
  ])()
}
