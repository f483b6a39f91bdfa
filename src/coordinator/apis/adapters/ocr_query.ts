/**
 * Options of a call of Mistral's API, besides its document.
 *
 * @module
 */

/** Plain data. */
export interface OcrQuery {
  model?: string | undefined
  /** Where the document is, if it is not in the body; `param` is the field that says so. */
  upload?: { id: string; param: string } | { url: string; param: string }
  /** Pages in order; all where absent. */
  pages?: number[] | undefined
  /** Whether the answer has areas of blocks. */
  blocks: boolean
  /** Whether the answer has confidences, of pages or of blocks. */
  scores?: 'page' | 'block' | undefined
}
