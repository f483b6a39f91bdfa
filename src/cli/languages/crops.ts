/**
 * Crops of the project's own generated pages, in the languages of a corpus: a second test, drawn by
 * other code than the training lines.
 *
 *     deno run -A src/cli/languages/crops.ts CORPUS PART SEED PAGES OUT
 *
 * Writes `OUT.rgb`, the crops' pixels one after the other, and `OUT.json`: text, language, width and
 * height of each. `ascii` are the project's English words: with its own seed, its own pages.
 * @module
 */
import { loadLocalCodec } from '../../cli/serve/codec_assets.ts'
import { boxOfCorners } from '../../stages/box.ts'
import { createCodecs } from '../../stages/codecs.ts'
import { cutCrop } from '../../stages/crop.ts'
import { openStudio } from '../../../profiles/ocr/canvas.ts'
import { makePage } from '../../../profiles/ocr/pages.ts'
import { englishWords, type Text } from '../../../profiles/ocr/words.ts'

const [corpusPath, part, seed, pages, out] = Deno.args as [string, string, string, string, string]
const corpus = JSON.parse(await Deno.readTextFile(corpusPath))
const studio = await openStudio()
if ('skip' in studio) throw new Error(studio.skip)
const codecs = createCodecs(loadLocalCodec)
const about: { text: string; language: string; width: number; height: number }[] = []
const file = await Deno.create(`${out}.rgb`)
const writer = file.writable.getWriter()
const languages = ['ascii', ...Object.keys(corpus)]
for (const language of languages) {
  const text: Text = language === 'ascii'
    ? { words: await englishWords(), sentences: corpus['en'][part].sentences }
    : corpus[language][part]
  const count = language === 'ascii' ? 48 : Number(pages)
  for (let index = 0; index < count; index++) {
    const page = await makePage(studio, text, Number(seed), index)
    const picture = await codecs.decode(page.type, page.bytes)
    for (const { text, box } of page.lines) {
      const crop = cutCrop(picture, boxOfCorners(box), { maxHeight: 48, maxWidth: 2400 })
      await writer.write(crop.data as Uint8Array)
      about.push({ text, language, width: crop.width, height: crop.height })
    }
  }
}
await writer.close()
await Deno.writeTextFile(`${out}.json`, JSON.stringify(about))
