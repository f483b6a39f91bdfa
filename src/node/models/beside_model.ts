/**
 * Files beside a variant's model, on their way to it: the program that does its work, texts of a
 * tokenizer. They are here before it loads.
 *
 * @module
 */
import type { InstanceSpec } from '../engine/worker_api.ts'

export interface BesideModel {
  /**
   * Fetches what the variant has beside its model. One of the two is called, at once where it has
   * nothing, unless it is dropped meanwhile or asked for anew.
   *
   * @param place the variant and where it is to be held
   */
  bring(
    place: string,
    spec: InstanceSpec,
    came: (whole: InstanceSpec) => void,
    failed: (error: Error) => void,
  ): void
  drop(place: string): void
}

export function createBesideModel(
  fetchModel: (spec: InstanceSpec) => Promise<Uint8Array>,
): BesideModel {
  const coming = new Map<string, Promise<InstanceSpec>>()

  async function wholeOf(spec: InstanceSpec): Promise<InstanceSpec> {
    const fetchFile = (hash: string) => fetchModel({ ...spec, hash })
    const { code, files } = spec
    const bytes = code && await fetchFile(code.hash)
    const texts: { [name: string]: string } = {}
    for (const [name, hash] of Object.entries(files ?? {})) {
      texts[name] = new TextDecoder().decode(await fetchFile(hash))
    }
    return {
      ...spec,
      ...code && bytes && { code: { hash: code.hash, bytes } },
      ...files && { texts },
    }
  }

  return {
    bring(place, spec, came, failed) {
      if (spec.code === undefined && spec.files === undefined) {
        coming.delete(place)
        return came(spec)
      }
      const mine = wholeOf(spec)
      coming.set(place, mine)
      const isWanted = () => coming.get(place) === mine && coming.delete(place)
      mine.then(
        (whole) => isWanted() && came(whole),
        (error: Error) => isWanted() && failed(error),
      )
    },
    drop: (place) => void coming.delete(place),
  }
}
