/**
 * Files of `/v1/files`, for calls that read one.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import type { Context } from 'hono'
import { ApiError } from '../../core/api_error.ts'
import type { Access } from '../../http/access/access.ts'
import { leftAddress } from '../../http/access/caller.ts'
import { bodyRoom } from '../../http/bodies/body.ts'
import type { Jobs } from '../../jobs/jobs.ts'
import type { FileRow } from '../../jobs/types.ts'
import type { Uploads } from './uploads.ts'

export function uploadsIn({ files }: Jobs, access: Pick<Access, 'holder'>): Uploads {
  function find(c: Context, id: string): FileRow | undefined {
    try {
      return files.get(access.holder(c), id)
    } catch (error) {
      if (error instanceof ApiError) return undefined
      throw error
    }
  }

  return {
    has: (c, id) => find(c, id) !== undefined,
    async use(c, id, mostBytes, work) {
      const row = find(c, id)
      if (row === undefined) return undefined
      if (row.bytes <= mostBytes) {
        return await bodyRoom.within(row.bytes, leftAddress(c), async () => {
          // No copy is made: large files are transferred to a worker.
          const { buffer, byteOffset, length } = await readFile(await files.pathOf(row))
          return await work(new Uint8Array(buffer, byteOffset, length))
        })
      }
      const message = `Cannot read ${row.bytes} bytes while you wait: at most ${mostBytes}: ` +
        'make a job of the document'
      throw new ApiError('too_large', message)
    },
  }
}
