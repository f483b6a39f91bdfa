/**
 * Entry point of the worker for files of batches: their lines are read off the main thread.
 *
 * @module
 */
import { expose, transfer } from 'comlink'
import { type ReadLines, readLines } from '../src/coordinator/jobs/batch_lines.ts'

const read: ReadLines = async (path, endpoint) => {
  const lines = await readLines(path, endpoint)
  return lines.ok ? transfer(lines, [lines.places.buffer]) : lines
}
expose(read)
