/** Every benchmark by name, which is that of its folder and of the file in it. @module */
import type { BenchOptions } from './options.ts'

/** Those that run where none is named. */
export const USUAL: readonly string[] = [
  ...['idle', 'deadline', 'first', 'generate', 'backends', 'duty', 'memory', 'live', 'shared'],
  ...['elastic', 'requeue', 'rejoin', 'overload', 'streams', 'soak', 'planner', 'dispatch'],
  ...['overhead', 'telemetry', 'bodies', 'efficiency', 'dashboard', 'trust', 'blackholes'],
  ...['restart', 'chaos', 'join', 'pages'],
]

/** Those that take long, or need what another wrote. */
export const NAMED: readonly string[] = ['curve', 'twin', 'documents']

/** Prints what it finds, and resolves with what goes into the JSON. */
export async function runBench(name: string, options: BenchOptions): Promise<unknown> {
  const { bench } = await import(`./${name}/${name}.ts`)
  const result = await bench(options)
  if (Array.isArray(result)) console.table(result)
  return result
}
