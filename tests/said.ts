/**
 * What a process of Deno said, as text. Where several start at once Deno itself says that it waits for
 * the lock of `node_modules`: that is left out.
 */
export const said = (bytes: Uint8Array): string =>
  new TextDecoder().decode(bytes).replaceAll(/^.*waiting for file lock on node_modules.*\n/gm, '')
