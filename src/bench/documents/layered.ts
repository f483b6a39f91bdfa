/**
 * What the text layers of a PDF say, page by page, as Poppler's `pdftotext` finds it.
 *
 * @module
 */
const FORM_FEED = '\f'

/** @throws Error where it is not installed, or cannot read the PDF */
export async function layersOf(pdf: Uint8Array): Promise<string[]> {
  const file = await Deno.makeTempFile({ suffix: '.pdf' })
  try {
    await Deno.writeFile(file, pdf)
    const said = await pdftotext('-layout', file, '-')
    return said.split(FORM_FEED).slice(0, -1)
  } finally {
    await Deno.remove(file)
  }
}

/** @throws Error */
export async function checkPdftotext(): Promise<void> {
  await pdftotext('-v').catch(() => {
    throw new Error('Cannot look at the layers: apt-get install poppler-utils')
  })
}

async function pdftotext(...args: string[]): Promise<string> {
  const command = new Deno.Command('pdftotext', { args, stdout: 'piped', stderr: 'piped' })
  const { success, stdout, stderr } = await command.output()
  const text = new TextDecoder()
  if (!success) throw new Error(`Cannot run pdftotext: ${text.decode(stderr)}`)
  return text.decode(stdout)
}
