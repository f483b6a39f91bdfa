/**
 * Lists of what lives a moment and comes by the thousand.
 *
 * V8 counts, for each literal in the code, how many of the objects it made outlived a small garbage
 * collection; where nearly all did, it makes all further ones in the old generation ("Memento Mori:
 * Dynamic Allocation-Site-Based Optimizations", ISMM 2015). When many queries come within the few
 * milliseconds between two collections, that is what happens to the lists of a query: dead a moment
 * later, they then hold on to every item in them until the next full collection, and each small one
 * copies these: a tenth of the scheduler's time, in some runs and not in others. It does not count
 * what constructors and methods of arrays make.
 *
 * @module
 */

/** Held as a list of objects, though there is none in it: one of nothing is held as numbers. */
const NONE: unknown[] = [{}]
NONE.pop()

/** An empty list that no literal made. */
export const fresh = <T>(): T[] => NONE.slice() as T[]

/** So many zeros, held as fractions: in a list of objects each that is stored would be an object. */
export const zeros = (count: number): number[] => new Array<number>(count).fill(0.5).fill(0)
