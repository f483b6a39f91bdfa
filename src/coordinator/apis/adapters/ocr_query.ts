/**
 * What a call of Mistral's API asks for, besides its document.
 *
 * @module
 */

/** Plain data. */
export interface OcrQuery {
  model?: string | undefined
  /** Where the document is, if it did not come along; `param` is what says so. */
  upload?: { id: string; param: string } | { url: string; param: string }
  /** In order; all where absent. */
  pages?: number[] | undefined
  /** Whether areas of blocks are told. */
  blocks: boolean
  /** Of what confidences are told, if of anything. */
  scores?: 'page' | 'block' | undefined
}
