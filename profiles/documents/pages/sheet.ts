/**
 * A sheet that text is set on: what is drawn is kept as lines with their boxes.
 *
 * @module
 */
import type { Line, Point } from '../../../src/documents/page.ts'
import type { Studio } from '../../ocr/canvas.ts'
import { addNoise, blur } from '../../ocr/degrade.ts'
import type { Random } from '../../ocr/random.ts'

export type Turn = 0 | 90 | 180 | 270

export interface Face {
  font: string
  /** Pixels. */
  size: number
}

/** Pixels of a sheet that lies upright: A4 at 120 dots an inch. */
export const SHEET = { width: 992, height: 1403 }

/** White around a text, for its size, that its box takes in. */
const PAD = 0.12

export class Sheet {
  readonly width: number
  readonly height: number
  readonly #canvas
  readonly #ctx
  readonly #angle: number

  /**
   * @param turn clockwise, by which the sheet has to be turned to be read
   * @param lean degrees clockwise beside that
   */
  constructor(studio: Studio, turn: Turn, lean: number) {
    const isOnSide = turn % 180 !== 0
    this.width = isOnSide ? SHEET.height : SHEET.width
    this.height = isOnSide ? SHEET.width : SHEET.height
    this.#angle = (lean - turn) * Math.PI / 180
    this.#canvas = studio.canvas.createCanvas(this.width, this.height)
    this.#ctx = this.#canvas.getContext('2d')
    this.#ctx.fillStyle = '#fbfaf7'
    this.#ctx.fillRect(0, 0, this.width, this.height)
    this.#ctx.translate(this.width / 2, this.height / 2)
    this.#ctx.rotate(this.#angle)
    this.#ctx.translate(-SHEET.width / 2, -SHEET.height / 2)
    this.#ctx.fillStyle = '#1d1f24'
    this.#ctx.strokeStyle = '#3a3d44'
  }

  widthOf(text: string, { font, size }: Face): number {
    this.#ctx.font = `${size}px ${font}`
    return this.#ctx.measureText(text).width
  }

  /** @param x of the left end, or of the right end where `align` says so */
  text(
    text: string,
    x: number,
    baseline: number,
    face: Face,
    align: 'left' | 'right' = 'left',
  ): Line {
    const width = this.widthOf(text, face)
    const left = align === 'left' ? x : x - width
    this.#ctx.fillText(text, left, baseline)
    const pad = PAD * face.size
    const { actualBoundingBoxAscent: above, actualBoundingBoxDescent: below } = this.#ctx
      .measureText(text)
    const [top, bottom] = [baseline - above - pad, baseline + below + pad]
    const [from, to] = [left - pad, left + width + pad]
    const box: Line['box'] = [
      this.#toPage(from, top),
      this.#toPage(to, top),
      this.#toPage(to, bottom),
      this.#toPage(from, bottom),
    ]
    return { text, confidence: 1, box }
  }

  rule(fromX: number, fromY: number, toX: number, toY: number): void {
    this.#ctx.beginPath()
    this.#ctx.moveTo(fromX, fromY)
    this.#ctx.lineTo(toX, toY)
    this.#ctx.stroke()
  }

  /** As a scanner hands it over. */
  async jpeg(random: Random): Promise<Uint8Array> {
    const image = this.#ctx.getImageData(0, 0, this.width, this.height)
    blur(image.data, this.width, this.height, random.between(0.05, 0.15))
    addNoise(image.data, random.between(2, 6), random)
    this.#ctx.putImageData(image, 0, 0)
    return new Uint8Array(await this.#canvas.encode('jpeg', random.integer(75, 92)))
  }

  #toPage(x: number, y: number): Point {
    const [u, v] = [x - SHEET.width / 2, y - SHEET.height / 2]
    const [cos, sin] = [Math.cos(this.#angle), Math.sin(this.#angle)]
    return [this.width / 2 + u * cos - v * sin, this.height / 2 + u * sin + v * cos]
  }
}
