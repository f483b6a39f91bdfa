/**
 * Tasks that take documents apart and put their pages together, as far as others have to know them.
 *
 * @module
 */
import type { Pipeline } from './schema.ts'

/** Kind of a task whose items are files of documents, and whose child items are pages. */
export const DOCUMENT_PAGES = 'document-pages'
/** Kind of a task that gathers lines, and gives pages. */
export const PAGE_LAYOUT = 'page-layout'

/** Whether a query is a document: a PDF, a TIFF or a picture. */
export const takesDocument = ({ root, tasks }: Pipeline): boolean =>
  tasks[root]?.kind === DOCUMENT_PAGES

/** Kinds whose work no model does. */
const WITHOUT_MODEL: readonly (string | undefined)[] = [DOCUMENT_PAGES, PAGE_LAYOUT]

export const isWithoutModel = (kind: string | undefined): boolean => WITHOUT_MODEL.includes(kind)
