import { areCrops, extentOf } from './children.ts'
import { numberOf } from './json.ts'
import type { Agreement } from './kind.ts'

/** Fields `{width, height, lines}`: the lines themselves are its child items. */
export const textDetection: Agreement = {
  sameFields: (a, b) => a?.['width'] === b?.['width'] && a?.['height'] === b?.['height'],
  faultOf({ fields, children }) {
    const width = numberOf(fields?.['width'])
    const height = numberOf(fields?.['height'])
    if (!(width >= 1 && height >= 1)) return 'a picture without a size'
    if (!areCrops(children)) return 'a crop of no known format'
    for (const { meta } of Object.values(children).flat()) {
      const extent = extentOf(meta['box'])
      if (extent === undefined) return 'a line without a box'
      const [x, y] = extent as [number, number]
      if (x < 0 || y < 0 || x > width || y > height) return 'a line outside the picture'
    }
    return undefined
  },
}
