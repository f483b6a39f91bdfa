/**
 * Pipelines that read documents, and how a long document becomes several of their queries.
 *
 * @module
 */
import type { Pipeline } from '../../../pipeline/schema.ts'

/** The list in their answer, which identifies them. */
export const PAGES = 'pages'

export const readsDocuments = ({ output }: Pipeline): boolean => output?.[PAGES] !== undefined

/** Bounds of one query. */
export const PART = {
  pages: 4, // few, so that nodes share them, a query ends soon, and a retry costs little
  bytes: 8 * 1024 * 1024, // half of what a frame of a link takes; what is larger is cut further
} as const
