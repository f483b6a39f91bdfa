/**
 * The labelled set of the `documents-cyrillic` pipeline: generated scans in languages of Cyrillic script.
 *
 * @module
 */
import type { Labelled } from '../../../src/stages/labelled.ts'
import { labelled as inScript } from '../../documents/labelled.ts'

/** The set, or why it cannot be had. */
export const labelled = (
  options: { seed?: number; count?: number } = {},
): Promise<Labelled | { skip: string }> => inScript({ ...options, script: 'cyrillic' })
