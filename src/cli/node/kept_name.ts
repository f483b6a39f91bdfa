/**
 * What the files are called that a node keeps between starts.
 *
 * @module
 */
import { createHash } from 'node:crypto'

/** Letters of other scripts take six to twelve places each; a file's name has 255, some of them taken. */
const LONGEST = 220

/** A node's own name, or what stands for one that is too long for a file's. */
export const keptName = (name: string): string =>
  encodeURIComponent(name).length <= LONGEST
    ? name
    : createHash('sha256').update(name).digest('hex')
