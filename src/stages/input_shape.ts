/**
 * Tensor shapes that a detector uses: few, so that an engine compiles each once.
 *
 * @module
 */

export interface Size {
  width: number
  height: number
}

/** Width over height of the shapes offered besides the main one and its transpose. */
const aspects = [1, 2, 1 / 2, 4, 1 / 4]

/**
 * Shapes of about the area of `main`, sides multiples of 32, `main` first.
 *
 * `main` is a budget of pixels: a portrait page costs as much as a landscape one.
 */
export function inputShapes(main: Size): Size[] {
  const area = main.width * main.height
  const shapes: Size[] = [main, { width: main.height, height: main.width }]
  for (const aspect of aspects) {
    const round = (side: number) => Math.max(32, Math.round(side / 32) * 32)
    const long = round(Math.sqrt(area * Math.max(aspect, 1 / aspect)))
    // Floor, so that no shape costs more than the main one by more than rounding.
    const short = Math.max(32, Math.floor(area * 1.02 / long / 32) * 32)
    shapes.push(
      aspect >= 1 ? { width: long, height: short } : { width: short, height: long },
    )
  }
  const seen = new Set<string>()
  return shapes.filter(({ width, height }) => {
    const key = `${width}x${height}`
    return !seen.has(key) && seen.add(key) !== undefined
  })
}

/** A picture placed at the top left of a shape, one scale for both axes. */
export interface Fit {
  shape: Size
  /** Pixels of the shape per pixel of the picture. */
  scale: number
  /** Part of the shape that the picture fills, in whole pixels. */
  width: number
  height: number
}

/**
 * Chooses the shape that shows most of the picture's detail; the first one where several do.
 *
 * @param maxScale small pictures are enlarged no further
 */
export function fit(picture: Size, shapes: readonly Size[], maxScale: number): Fit {
  let best: { shape: Size; scale: number } | undefined
  for (const shape of shapes) {
    const scale = Math.min(maxScale, shape.width / picture.width, shape.height / picture.height)
    if (best === undefined || scale > best.scale * 1.001) best = { shape, scale }
  }
  if (best === undefined) throw new RangeError('Cannot fit a picture: received no shapes')
  const { shape, scale } = best
  return {
    shape,
    scale,
    width: Math.max(1, Math.min(shape.width, Math.round(picture.width * scale))),
    height: Math.max(1, Math.min(shape.height, Math.round(picture.height * scale))),
  }
}
