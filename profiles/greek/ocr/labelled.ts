/**
 * The labelled set of the `ocr-greek` pipeline: generated pages in languages of Greek script.
 *
 * @module
 */
import type { Labelled } from '../../../src/stages/labelled.ts'
import { labelled as inScript } from '../../ocr/labelled.ts'

/** The set, or why it cannot be had. */
export const labelled = (
  options: { seed?: number; count?: number } = {},
): Promise<Labelled | { skip: string }> => inScript({ ...options, script: 'greek' })
