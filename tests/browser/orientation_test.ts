/** A picture is read as a browser shows it. */
import { deepEqual } from 'node:assert/strict'
import { loadLocalCodec } from '../../src/cli/serve/codec_assets.ts'
import { createCodecs } from '../../src/stages/codecs.ts'
import { chunk, pngOf, tiff } from '../stages/turned_png.ts'
import { launch, skippedWithout, wantChromium } from './fixture.ts'

const executable = await wantChromium()

Deno.test({
  name: `a PNG is turned as a browser turns it${skippedWithout(executable)}`,
  ignore: executable === undefined,
  // The browser's driver keeps timers and pipes of its own.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const [width, height] = [3, 2]
    const data = Array.from({ length: 4 * width * height }, (_, i) => i % 4 === 3 ? 255 : 10 * i)
    const told = [1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((orientation) =>
      [true, false].map((little) => chunk('eXIf', tiff(orientation, little)))
    )
    const damaged = told.at(-4)!.slice()
    damaged[damaged.length - 1]! ^= 1
    const pictures = [
      ...told.map((exif) => pngOf({ width, height, data }, [exif])),
      pngOf({ width, height, data }, [damaged]),
      pngOf({ width, height, data }, [], [told.at(-4)!]),
    ]
    const browser = await launch(executable!)
    try {
      const page = await browser.newPage()
      const shown = await page.evaluate(
        (pictures) =>
          Promise.all(pictures.map(async (bytes) => {
            const image = new Image()
            image.src = URL.createObjectURL(new Blob([new Uint8Array(bytes)]))
            await image.decode()
            const { naturalWidth: width, naturalHeight: height } = image
            const context = new OffscreenCanvas(width, height).getContext('2d')!
            context.drawImage(image, 0, 0)
            return { width, height, data: [...context.getImageData(0, 0, width, height).data] }
          })),
        pictures.map((bytes) => [...bytes]),
      )
      const codecs = createCodecs(loadLocalCodec)
      for (const [i, bytes] of pictures.entries()) {
        const { width, height, data } = await codecs.decode('image/png', bytes)
        deepEqual({ width, height, data: [...data] }, shown[i], `picture ${i}`)
      }
    } finally {
      await browser.close()
    }
  },
})
