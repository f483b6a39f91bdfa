/**
 * The picture: from a file, a drop or a sample to bytes that can be sent and a canvas to draw on.
 *
 * @module
 */
import { typeOf } from '../../client/picture.ts'
import { make } from '../make.ts'

const QUALITY = 0.95

export interface Picture {
  name: string
  blob: Blob
  canvas: HTMLCanvasElement
  width: number
  height: number
}

/** @throws Error in words for people where this browser cannot read it */
export async function readPicture(blob: Blob, name: string): Promise<Picture> {
  const bitmap = await createImageBitmap(blob).catch(() => {
    throw new Error(`Cannot read ${name}: this browser does not know it as a picture.`)
  })
  const { width, height } = bitmap
  const canvas = make('canvas', { width, height })
  const context = canvas.getContext('2d')!
  // What is transparent lies on white wherever a picture is read; a JPEG would have it black.
  context.fillStyle = '#fff'
  context.fillRect(0, 0, width, height)
  context.drawImage(bitmap, 0, 0)
  bitmap.close()
  const type = await typeOf(blob)
  if (type !== undefined) {
    return { name, blob: blob.slice(0, blob.size, type), canvas, width, height }
  }
  // None that the coordinator takes, whatever it is called.
  const sent = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', QUALITY))
  if (sent === null) throw new Error(`Cannot read ${name}: it is too large for this browser.`)
  return { name: `${name.replace(/\.\w+$/, '')}.jpg`, blob: sent, canvas, width, height }
}
