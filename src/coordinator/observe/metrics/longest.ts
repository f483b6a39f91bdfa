interface Batch {
  task: string
  queueMs: number
  networkMs: number
}

/**
 * The time that a query waited: batches of one task wait at the same time, so it is the sum over
 * the longest of each task. Allocates nothing.
 */
export function longestOfTasks(batches: readonly Batch[], part: 'queueMs' | 'networkMs'): number {
  let sum = 0
  for (let i = 0; i < batches.length; i++) {
    const { task, [part]: ms } = batches[i]!
    let isLongest = true
    for (let j = 0; isLongest && j < batches.length; j++) {
      const other = batches[j]!
      if (other.task === task && (other[part] > ms || (other[part] === ms && j < i))) {
        isLongest = false
      }
    }
    if (isLongest) sum += ms
  }
  return sum
}
