/**
 * Pipelines that read documents, and how a long document becomes several of their queries.
 *
 * @module
 */
import type { Pipeline } from '../../../pipeline/schema.ts'

/** The list in their answer, and what they are known by. */
export const PAGES = 'pages'

export const readsDocuments = ({ output }: Pipeline): boolean => output?.[PAGES] !== undefined

/** Of one query. */
export const PART = {
  pages: 4, // few, so that several nodes have some, it gives way soon, and little is asked again
  bytes: 8 * 1024 * 1024, // half of what a frame of a link takes; what is larger is cut further
} as const
