/**
 * Names of shops and of what they sell: an open vocabulary.
 *
 * Most words are built from syllables or come from an English dictionary, so that a model has to
 * copy what it reads instead of knowing it.
 *
 * @module
 */
import { englishWords } from '../ocr/words.ts'
import type { Random } from '../ocr/random.ts'
import { type Language, patterned, weighted, type World } from './world.ts'
import { goods, shopWords } from './name_lists.ts'

const sounds = {
  training: {
    starts: 'b c d f g h l m n p r s t v br cl dr fr gr pl st tr sch'.split(' '),
    cores: 'a e i o u ai au ei ou ie'.split(' '),
    ends: ['', '', '', 'l', 'n', 'r', 's', 't', 'nd', 'rt', 'ck', 'lo', 'na', 'ri'],
  },
  'held-back': {
    starts: 'j k w z qu b m s th ch sk sp bl kr fl gn ph sw tw pr'.split(' '),
    cores: 'a e i o u y ea oo oa ue eu ia'.split(' '),
    ends: ['', '', '', 'm', 'p', 'x', 'ng', 'lk', 'ft', 'za', 'mo', 'ly', 'sh', 'ff'],
  },
}

const accents: { readonly [language in Language]: readonly (readonly [string, string])[] } = {
  en: [['e', 'é']],
  de: [['a', 'ä'], ['o', 'ö'], ['u', 'ü'], ['ss', 'ß']],
  fr: [['e', 'é'], ['e', 'è'], ['a', 'â'], ['c', 'ç'], ['i', 'î']],
  es: [['n', 'ñ'], ['a', 'á'], ['o', 'ó'], ['i', 'í']],
}

const dictionary = await englishWords()
const words = {
  training: dictionary.filter((word) => hashOf(word) % 5 !== 0),
  'held-back': dictionary.filter((word) => hashOf(word) % 5 === 0),
}

function hashOf(word: string): number {
  let hash = 0
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash, 31) + word.charCodeAt(i) >>> 0
  return hash
}

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)

function pseudoWord(random: Random, world: World): string {
  const { starts, cores, ends } = sounds[world]
  let word = ''
  const syllables = weighted(random, [[1, 1], [5, 2], [3, 3]])
  for (let i = 0; i < syllables; i++) word += random.pick(starts) + random.pick(cores)
  return word + random.pick(ends)
}

function accented(random: Random, language: Language, word: string): string {
  const [plain, sign] = random.pick(accents[language])
  return word.replace(plain, sign)
}

/** A word in lower case, an accent now and then. */
function anyWord(random: Random, world: World, language: Language): string {
  const word = random.chance(0.5) ? pseudoWord(random, world) : random.pick(words[world])
  return random.chance(0.12) ? accented(random, language, word) : word
}

/** The name of a shop as its sign has it. */
export function shopName(random: Random, world: World, language: Language): string {
  const own = () => capital(anyWord(random, world, language))
  const list = shopWords[world][language]
  const kind = () => random.pick(list)
  const name = weighted<() => string>(random, [
    [5, () => `${own()} ${kind()}`],
    [4, () => `${kind()} ${own()}`],
    [2, () => own()],
    [2, () => `${own()} ${own()}`],
    [2, () => `${own()} & ${own()}`],
    [1, () => `${own()} ${random.pick(['GmbH', 'Ltd', 'SA', 'SARL', 'AG', 'Inc.', 'S.L.', 'KG'])}`],
    [1, () => `${own()}'s`],
    [1, () => `${own()}-${own()}`],
    [1, () => `${kind()} ${random.integer(1, 99)}`],
    [0.6, () => patterned(random, random.pick(['A&A', 'AAA', 'AA ', '#A'])) + own()],
  ])()
  return cased(random, name, [[6, 'as is'], [4, 'upper'], [0.6, 'lower']])
}

/** The name of something sold, as a till prints it. */
export function itemName(random: Random, world: World, language: Language): string {
  const own = () => anyWord(random, world, language)
  const known = () => random.pick(goods[world][language])
  const name = weighted<() => string>(random, [
    [5, () => known()],
    [3, () => `${known()} ${own()}`],
    [2, () => `${capital(own())} ${known()}`],
    [3, () => capital(own())],
    [3, () => `${capital(own())} ${random.chance(0.5) ? capital(own()) : own()}`],
    [1, () => `${known()} ${measure(random)}`],
    [1, () => `${capital(own())} ${measure(random)}`],
    [0.5, () => patterned(random, random.pick(['AA-###', 'A##', 'AAA ##', '##A-A', 'A.#.A']))],
    [0.4, () => `${capital(own())}. ${known()}`],
    [0.4, () => `${known()}/${own()}`],
  ])()
  return name.length > 26 ? name.slice(0, 26).trim() : name
}

/** Of all items of one receipt alike. */
export function cased(
  random: Random,
  name: string,
  choices: readonly (readonly [number, 'as is' | 'upper' | 'lower'])[],
): string {
  const style = weighted(random, choices)
  return style === 'upper' ? name.toUpperCase() : style === 'lower' ? name.toLowerCase() : name
}

function measure(random: Random): string {
  const n = random.integer(1, 9)
  return random.pick([
    `${n}00g`,
    `${n}${random.integer(0, 9)}0 g`,
    `${n}kg`,
    `${n} l`,
    `0,${n}l`,
    `0.${n}L`,
    `${n}00ml`,
    `No. ${n}`,
    `No.${n}`,
    `${n}%`,
    `${n}er`,
    `x-${n}`,
    `gr. ${n}`,
    `#${n}`,
    'XL',
    'S',
    'BIO',
    'bio',
    'T' + n,
    `${n}+1`,
    `${n * 10}cl`,
    `${n}pk`,
    `${n}-pack`,
    '(veg)',
    '(kl.)',
  ])
}
