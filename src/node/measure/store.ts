/**
 * Measured profiles kept between starts, in the cache that the models are in too: there is one in a
 * tab's worker and in a process that may do nothing but reach its coordinator.
 *
 * A table is of one device, one build of the engine, one backend and its threads. Nodes of a machine
 * share it.
 *
 * @module
 */
import { z } from 'zod'
import type { RememberedRow } from './recall.ts'

/** Rows by what was run: the model's hash and the input it was given. */
export type ProfileTable = Map<string, RememberedRow>

export interface ProfileStore {
  /** Nothing where nothing was kept, or what is there is not of this kind. */
  read(context: string): Promise<ProfileTable | undefined>
  write(context: string, table: ProfileTable): Promise<void>
}

export interface ProfileStoreOptions {
  openCache(): Promise<Cache | undefined>
  /** Told why what was kept is not used, or cannot be kept. */
  warn(message: string): void
}

const PLACE = 'https://profiles.invalid/1'
const MAX_TABLES = 8
const MAX_ROWS = 128
const MAX_POINTS = 16
const MAX_CHARS = 512 * 1024

const ms = z.number().positive().max(1e7)
const row = z.object({
  id: z.string().max(1000),
  measuredAt: z.iso.datetime(),
  points: z.array(z.object({ batch: z.number().int().min(1).max(1024), latencyMs: ms }))
    .min(1).max(MAX_POINTS),
  beyondMs: z.number().min(0).max(1e7),
  singly: z.boolean(),
})
const kept = z.object({
  schema: z.literal('shoal-node-profiles/1'),
  /** The one written last comes last. */
  tables: z.array(z.object({ context: z.string().max(2000), rows: z.array(row).max(MAX_ROWS) }))
    .max(MAX_TABLES),
})
type Kept = z.infer<typeof kept>

export function createProfileStore({ openCache, warn }: ProfileStoreOptions): ProfileStore {
  async function readAll(cache: Cache): Promise<Kept['tables']> {
    try {
      const text = await (await cache.match(PLACE))?.text()
      if (text === undefined) return []
      if (text.length > MAX_CHARS) throw new RangeError(`it is ${text.length} characters long`)
      const parsed = kept.safeParse(JSON.parse(text))
      if (parsed.success) return parsed.data.tables
      const [issue] = parsed.error.issues
      throw new TypeError(`${issue?.path.join('.')} ${issue?.message}`)
    } catch (error) {
      warn(`The remembered profile is not used: ${(error as Error).message.slice(0, 200)}`)
      return []
    }
  }

  return {
    async read(context) {
      const cache = await openCache().catch(() => undefined)
      if (cache === undefined) return undefined
      const table = (await readAll(cache)).find((one) => one.context === context)
      return table && new Map(table.rows.map(({ id, ...rest }) => [id, rest]))
    },
    async write(context, table) {
      const cache = await openCache().catch(() => undefined)
      if (cache === undefined) return
      const others = (await readAll(cache)).filter((one) => one.context !== context)
      const rows = Array.from(table, ([id, one]) => ({
        id,
        ...one,
        points: one.points.slice(0, MAX_POINTS),
        // One that could not be read again would take all others with it.
      })).filter((one) => row.safeParse(one).success).slice(-MAX_ROWS)
      const tables = [...others, { context, rows }].slice(-MAX_TABLES)
      const textOf = () => JSON.stringify({ schema: 'shoal-node-profiles/1', tables })
      while (tables.length > 1 && textOf().length > MAX_CHARS) tables.shift()
      const text = textOf()
      try {
        await cache.put(PLACE, new Response(text))
      } catch (error) {
        warn(`Cannot keep the measured profile: ${(error as Error).message}`)
      }
    },
  }
}
