/**
 * Errors as the `ocr` pipeline makes them.
 *
 * @module
 */
import type { Random } from '../ocr/random.ts'

const likes: { readonly [character: string]: string } = {
  ...{
    '0': 'OoDQ',
    O: '0QD',
    o: '0ec',
    '1': 'lI7i',
    l: '1I|',
    I: 'l1|',
    i: 'l1:',
    '5': 'Ss6',
    S: '5s',
  },
  ...{
    s: '5S',
    '8': 'B36',
    B: '8R',
    '2': 'Z7',
    Z: '2',
    '6': 'b8',
    '9': 'g',
    g: '9q',
    '3': '8',
    '4': 'A',
  },
  ...{
    '.': ',',
    ',': '.',
    e: 'co',
    c: 'eo',
    n: 'rmh',
    a: 'oe',
    h: 'b',
    u: 'vn',
    v: 'y',
    m: 'n',
    t: 'f',
  },
  ...{
    "'": '`',
    ':': '.;',
    '-': '_',
    '/': '17',
    C: 'G',
    G: 'C6',
    E: 'F',
    '7': '1/',
    x: 'X',
    X: 'x',
    r: 'n',
  },
}

/** Rows of runs with errors; strength 1 is about one character in fifty. */
export function disturbed(random: Random, rows: readonly string[][], strength: number): string[][] {
  const out: string[][] = []
  for (const runs of rows) {
    if (random.chance(0.004 * strength)) continue
    const read = runs.map((run) => disturbedRun(random, run, strength)).filter(Boolean)
    if (random.chance(0.02 * strength)) out.push([read.join(' ')])
    else out.push(read)
  }
  return out.filter((runs) => runs.length > 0)
}

function disturbedRun(random: Random, run: string, strength: number): string {
  let out = ''
  for (const character of run) {
    const at = random.unit()
    const like = likes[character]
    if (character === ' ' && at < 0.05 * strength) continue
    if (at < 0.003 * strength) continue
    if (at < 0.018 * strength && like !== undefined) out += random.pick([...like])
    else out += character
    if (random.chance(0.001 * strength)) out += random.pick(['.', ' ', "'", '-', character])
  }
  return out
}
