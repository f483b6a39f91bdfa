/**
 * Canvas and fonts for generated pages: development packages that may be absent.
 *
 * @module
 */
import type { Script } from './words.ts'

type Canvas = typeof import('@napi-rs/canvas')

export interface Studio {
  canvas: Canvas
  /** Names to use in `ctx.font`. */
  fonts: readonly string[]
}

const faces: { readonly [family: string]: readonly string[] } = {
  'eb-garamond/EBGaramond': ['400Regular', '400Regular_Italic', '700Bold'],
  'merriweather/Merriweather': ['400Regular', '700Bold'],
  'open-sans/OpenSans': ['400Regular', '400Regular_Italic', '700Bold'],
  'roboto/Roboto': ['300Light', '400Regular', '500Medium', '700Bold_Italic'],
  'source-code-pro/SourceCodePro': ['400Regular', '600SemiBold'],
}

/** Families without letters of a script. */
const LACKING: { readonly [script in Script]?: RegExp } = { greek: /^Merriweather/ }

let opened: Promise<Studio | { skip: string }> | undefined

/** The canvas with all fonts of a script registered, or the reason why there is none. */
export async function openStudio(script: Script = 'latin'): Promise<Studio | { skip: string }> {
  opened ??= open().catch((error: unknown) => ({
    skip: `no canvas or fonts: ${error instanceof Error ? error.message : error}`,
  }))
  const studio = await opened
  if ('skip' in studio) return studio
  const fonts = studio.fonts.filter((font) => !LACKING[script]?.test(font))
  return { ...studio, fonts }
}

async function open(): Promise<Studio> {
  const canvas = await import('@napi-rs/canvas')
  const fonts: string[] = []
  for (const [family, styles] of Object.entries(faces)) {
    const [folder, file] = family.split('/') as [string, string]
    const index = import.meta.resolve(`@expo-google-fonts/${folder}`)
    for (const style of styles) {
      const url = new URL(`${style}/${file}_${style}.ttf`, index)
      const name = `${file}${style.replaceAll('_', '')}`
      const bytes = await Deno.readFile(url)
      // deno-lint-ignore no-explicit-any -- the package asks for Node's Buffer, any bytes will do
      if (canvas.GlobalFonts.register(bytes as any, name) === null) {
        throw new Error(`Cannot register font: received ${style} of ${file}`)
      }
      fonts.push(name)
    }
  }
  return { canvas, fonts }
}
