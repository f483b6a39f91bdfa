/**
 * Makes the sample pages in `demo/samples`: `deno run -A profiles/ocr/sample_page.ts`.
 *
 * `page.jpg` is a landscape page as a camera might see it, `note.png` a portrait one as a screen
 * shows it; the text files beside them hold their lines in reading order.
 *
 * @module
 */
import { openStudio, type Studio } from './canvas.ts'
import { addNoise, blur } from './degrade.ts'
import { createRandom } from './random.ts'

interface Line {
  text: string
  font: string
  size: number
  /** From the left margin, in pixels. */
  indent?: number
  /** From the baseline above. */
  drop: number
}

const body = (text: string): Line => ({ text, font: 'Merriweather400Regular', size: 36, drop: 70 })

const page: Line[] = [
  { text: 'The Harbour Office', font: 'OpenSans700Bold', size: 52, drop: 130 },
  { text: '14 March 2024', font: 'OpenSans400Regular', size: 30, drop: 78 },
  body('Every morning the small boats come home before'),
  body('the wind turns. They bring herring, wet rope and'),
  body('news from the islands, which is often older than'),
  body('the fish. The clerk writes all of it down by hand,'),
  body('because the last machine was afraid of salt.'),
  body('Nobody minds. A harbour keeps time by the tide,'),
  body('and the tide has never once been late.'),
  { text: 'Boats in port: 27', font: 'SourceCodePro400Regular', size: 32, drop: 86 },
  { text: 'Fees paid: $1,482.50', font: 'SourceCodePro400Regular', size: 32, drop: 62 },
]

const small = (text: string): Line => ({ text, font: 'Roboto400Regular', size: 26, drop: 52 })

const note: Line[] = [
  { text: 'Shopping list', font: 'Roboto500Medium', size: 44, drop: 110 },
  { ...small('Six eggs and a loaf of rye bread'), drop: 84 },
  small('Two lemons, not too soft'),
  small('Coffee: 250 g, ground'),
  small('Stamps for the letter to Anna'),
  { ...small('Back by 17:45'), font: 'EBGaramond400RegularItalic', size: 34, drop: 90 },
]

async function draw(
  studio: Studio,
  [width, height]: [number, number],
  lines: readonly Line[],
  look: { degrees: number; paper: string; ink: string; noise: number; soft: number },
  encode: 'jpeg' | 'png',
): Promise<Uint8Array> {
  const canvas = studio.canvas.createCanvas(width, height)
  const ctx = canvas.getContext('2d')
  ctx.fillStyle = look.paper
  ctx.fillRect(0, 0, width, height)
  ctx.translate(width / 2, height / 2)
  ctx.rotate(look.degrees * Math.PI / 180)
  ctx.translate(-width / 2, -height / 2)
  ctx.fillStyle = look.ink
  let y = 0
  for (const { text, font, size, indent, drop } of lines) {
    y += drop
    ctx.font = `${size}px ${font}`
    ctx.fillText(text, width * 0.1 + (indent ?? 0), y)
  }
  const image = ctx.getImageData(0, 0, width, height)
  if (look.soft > 0) blur(image.data, width, height, look.soft)
  if (look.noise > 0) addNoise(image.data, look.noise, createRandom(5))
  ctx.putImageData(image, 0, 0)
  const file = encode === 'jpeg' ? await canvas.encode('jpeg', 70) : await canvas.encode('png')
  return new Uint8Array(file)
}

if (import.meta.main) {
  const studio = await openStudio()
  if ('skip' in studio) throw new Error(`Cannot draw: ${studio.skip}`)
  const folder = new URL('../../demo/samples/', import.meta.url)
  const textOf = (lines: readonly Line[]) => lines.map((line) => `${line.text}\n`).join('')
  const camera = { degrees: -1.6, paper: '#f4f0e6', ink: '#23262e', noise: 4, soft: 0.12 }
  const screen = { degrees: 0, paper: '#ffffff', ink: '#202124', noise: 0, soft: 0 }
  await Deno.writeFile(
    new URL('page.jpg', folder),
    await draw(studio, [1280, 960], page, camera, 'jpeg'),
  )
  await Deno.writeTextFile(new URL('page.txt', folder), textOf(page))
  await Deno.writeFile(
    new URL('note.png', folder),
    await draw(studio, [600, 800], note, screen, 'png'),
  )
  await Deno.writeTextFile(new URL('note.txt', folder), textOf(note))
}
