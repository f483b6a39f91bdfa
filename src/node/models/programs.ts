/**
 * Programs of pipelines on their way to the variants that they do the work of.
 *
 * @module
 */
import type { StageCode } from '../engine/load_code.ts'
import type { InstanceSpec } from '../engine/worker_api.ts'

export interface Programs {
  /**
   * Fetches the program of a variant. One of the two is called, unless it is dropped meanwhile or
   * asked for anew.
   *
   * @param place the variant and where it is to be held
   */
  bring(
    place: string,
    spec: InstanceSpec,
    code: StageCode,
    came: (whole: InstanceSpec) => void,
    failed: (error: Error) => void,
  ): void
  drop(place: string): void
}

export function createPrograms(
  fetchModel: (spec: InstanceSpec) => Promise<Uint8Array>,
): Programs {
  const coming = new Map<string, Promise<Uint8Array>>()
  return {
    bring(place, spec, { hash }, came, failed) {
      const mine = fetchModel({ ...spec, hash })
      coming.set(place, mine)
      const isWanted = () => coming.get(place) === mine && coming.delete(place)
      mine.then(
        (bytes) => isWanted() && came({ ...spec, code: { hash, bytes } }),
        (error: Error) => isWanted() && failed(error),
      )
    },
    drop: (place) => void coming.delete(place),
  }
}
