/**
 * What was asked for under which name: a coordinator that comes back may mean another model by it.
 *
 * @module
 */
import type { InstanceSpec } from '../engine/worker_api.ts'
import { type Catalog, measuredAs, nameOf } from './catalog.ts'

export interface AskedFor {
  note(spec: InstanceSpec): void
  forget(key: string): void
  /** Names that mean something else in this catalog; they are forgotten. */
  changed(catalog: Catalog): string[]
}

export function createAskedFor(): AskedFor {
  const known = new Map<string, string>()
  const runs = (spec: InstanceSpec) =>
    `${measuredAs(spec)} ${spec.code?.hash ?? ''} ${Object.values(spec.files ?? {})}`

  function isOther(key: string, before: string, catalog: Catalog): boolean {
    try {
      return runs(catalog.spec(nameOf(key))) !== before
    } catch {
      // Not served now: it may come again as it was.
      return false
    }
  }

  return {
    note: (spec) => void known.set(spec.key, runs(spec)),
    forget: (key) => void known.delete(key),
    changed(catalog) {
      const keys = [...known].flatMap(([key, before]) => isOther(key, before, catalog) ? key : [])
      keys.forEach((key) => known.delete(key))
      return keys
    },
  }
}
