/**
 * Lists that live briefly and are created by the thousand.
 *
 * For each literal in the code, V8 counts how many of its objects survived a minor garbage collection; if
 * nearly all did, it allocates later ones in the old generation ("Memento Mori: Dynamic
 * Allocation-Site-Based Optimizations", ISMM 2015). When many queries come within the few milliseconds
 * between two collections, this happens to the lists of a query: dead a moment later, they keep every item
 * in them alive until the next full collection, and each minor one copies these items. That took a tenth of
 * the scheduler's time, in some runs and not in others. V8 does not count objects made by constructors or
 * array methods.
 *
 * @module
 */

/** An empty list with the element kind "objects": a plain empty list would have the kind "numbers". */
const NONE: unknown[] = [{}]
NONE.pop()

/** An empty list that no literal created. */
export const fresh = <T>(): T[] => NONE.slice() as T[]

/** A list of zeros with the element kind "doubles": in a list of objects each number would be boxed. */
export const zeros = (count: number): number[] => new Array<number>(count).fill(0.5).fill(0)
