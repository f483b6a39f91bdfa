interface Batch {
  task: string
  queueMs: number
  networkMs: number
}

/**
 * Batches of one task wait at the same time: of each task the longest, summed, is what the query
 * waited. Allocates nothing.
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
