/**
 * A document that is drawn page by page, wherever that is done.
 *
 * @module
 */
import type { Page } from '../../documents/page.ts'
import type { CodecName } from '../codec_name.ts'

export type DrawnType = 'application/pdf' | 'image/tiff'

export interface DrawSettings {
  /** Dots an inch, of a PDF. */
  dpi: number
  /** Pages at most. */
  maxPages: number
  /** Whether pages that carry their text keep it. */
  text: 'keep' | 'read'
}

/** No error crosses from a worker: faults are data. */
export interface DrawFault {
  ok: false
  reason: 'invalid_input' | 'too_large' | 'expired'
  message: string
  /** It took longer here than a page may, or ended the worker that was at it. */
  gaveUp?: true
}

export interface DrawnPage {
  ok: true
  page: Page
  /** Of the text that it keeps. */
  characters: number
  /** A JPEG; absent where it keeps its text. */
  picture?: Uint8Array
  /** How many pixels of the page one of its picture is, where that is not one. */
  scale?: number
}

/** One document at a time. */
export interface Drawing {
  open(
    type: DrawnType,
    bytes: Uint8Array,
    settings: DrawSettings,
  ): Promise<{ ok: true; pages: number } | DrawFault>
  /** Of the document that is open, from 0. */
  page(index: number): Promise<DrawnPage | DrawFault>
  close(): Promise<void>
}

/** What `workers/drawing.ts` offers. */
export interface DrawingWorker extends Drawing {
  /** First of all. @param codecs URL of each codec's WebAssembly */
  start(codecs: { [name in CodecName]: string }): void
}
