/**
 * A binding to the PNG decoder of `@jsquash/png` whose instance can be replaced.
 *
 * The package's own binding keeps one instance for good. Each damaged file traps inside it and
 * leaks, so that some hundreds of them would leave a process unable to decode any PNG.
 *
 * @module
 */
import type { Picture } from './types.ts'

interface Exports {
  memory: WebAssembly.Memory
  __wbindgen_malloc(bytes: number, align: number): number
  __wbindgen_free(at: number, bytes: number, align: number): void
  decode(at: number, bytes: number): number
}

/** Decodes to RGBA in its own WebAssembly instance. After an error make a new decoder. */
export interface PngDecoder {
  decode(bytes: Uint8Array): Picture
  memory: WebAssembly.Memory
}

export function createPngDecoder(module: WebAssembly.Module): PngDecoder {
  let decoded: Picture | undefined
  const unused = () => {
    throw new Error('Cannot decode PNG: the decoder asked for something it should not need')
  }
  /** Imports by the start of their names, whose ends change with each build of the package. */
  const provided: { [start: string]: (...args: number[]) => unknown } = {
    __wbg_newwithownedu8clampedarrayandsh_: (at, length, width, height) => {
      const data = new Uint8Array(wasm.memory.buffer, at! >>> 0, length).slice()
      wasm.__wbindgen_free(at!, length!, 1)
      decoded = { width: width! >>> 0, height: height! >>> 0, channels: 4, data }
      return 1
    },
    __wbindgen_throw: (at, length) => {
      const text = new Uint8Array(wasm.memory.buffer, at! >>> 0, length)
      throw new Error(new TextDecoder().decode(text))
    },
    __wbindgen_object_drop_ref: () => {},
  }
  const imports: WebAssembly.Imports = {}
  for (const { module: space, name } of WebAssembly.Module.imports(module)) {
    const start = Object.keys(provided).find((key) => name.startsWith(key))
    const functions = imports[space] ??= {}
    functions[name] = start === undefined ? unused : provided[start]!
  }
  const wasm = new WebAssembly.Instance(module, imports).exports as unknown as Exports
  return {
    memory: wasm.memory,
    decode(bytes) {
      const at = wasm.__wbindgen_malloc(bytes.length, 1) >>> 0
      new Uint8Array(wasm.memory.buffer).set(bytes, at)
      decoded = undefined
      wasm.decode(at, bytes.length)
      if (decoded === undefined) throw new Error('Cannot decode PNG: received no picture')
      return decoded
    },
  }
}
