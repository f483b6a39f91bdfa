import type { TextBox } from './box.ts'

/**
 * Grows a box by the distance that differentiable binarisation (Liao et al., AAAI 2020) shrank it:
 * area x ratio / perimeter on every side.
 */
export function unclip(box: TextBox, ratio: number): TextBox {
  const { width, height } = box
  const perimeter = 2 * (width + height)
  const distance = perimeter === 0 ? 0 : width * height * ratio / perimeter
  return { ...box, width: width + 2 * distance, height: height + 2 * distance }
}
