/**
 * PDFium as a bare instance of WebAssembly: no file system, no network, no scripts of documents, and no
 * more memory than it is given. The package's own binding would bring all of the first, for 290 kB.
 *
 * @module
 */

/** Functions of PDFium by their names; addresses and sizes are numbers, a boolean is 0 or 1. */
export interface Pdfium {
  call(name: string, ...args: number[]): number
  malloc(bytes: number): number
  free(at: number): void
  readonly memory: WebAssembly.Memory
  /** It asked for more memory than it may have. */
  readonly isOverfull: boolean
}

const PAGE_BYTES = 2 ** 16
/** Of WASI: there is no such file. */
const NO_ENTRY = 44
/** Of the system calls: the same, as they have it. */
const SYSTEM_NO_ENTRY = -44

type Exports = Record<string, (...args: number[]) => number> & {
  memory: WebAssembly.Memory
  __indirect_function_table: WebAssembly.Table
}

/**
 * @param module `pdfium.wasm` of `@embedpdf/pdfium`
 * @param mostBytes of its memory; what it cannot have ends the call that wanted it
 * @throws WebAssembly.RuntimeError of `call`: whatever it has come to, the instance is of no use then
 */
export function createPdfium(module: WebAssembly.Module, mostBytes: number): Pdfium {
  let overfull = false
  const view = () => new DataView(wasm.memory.buffer)
  const provided: { [name: string]: (...args: number[]) => unknown } = {
    emscripten_date_now: () => Date.now(),
    emscripten_resize_heap(bytes) {
      const wanted = (bytes ?? 0) >>> 0
      const { byteLength } = wasm.memory.buffer
      // Half as much again where there is room: it asks piece by piece.
      for (const next of [Math.min(mostBytes, Math.max(wanted, 1.5 * byteLength)), wanted]) {
        if (next < wanted || next > mostBytes) continue
        try {
          wasm.memory.grow(Math.ceil((next - byteLength) / PAGE_BYTES))
          return 1
        } catch {
          // Then perhaps the least.
        }
      }
      overfull = true
      return 0
    },
    _emscripten_memcpy_js: (to, from, length) =>
      void new Uint8Array(wasm.memory.buffer).copyWithin(to!, from!, from! + length!),
    // Thrown as a number, and caught as one: a long jump.
    _emscripten_throw_longjmp() {
      throw Infinity
    },
    _abort_js() {
      throw new WebAssembly.RuntimeError('PDFium gave up')
    },
    __assert_fail() {
      throw new WebAssembly.RuntimeError('PDFium found itself at fault')
    },
    _tzset_js: () => {},
    _gmtime_js: (_low, _high, at) => writeEpoch(at!),
    _localtime_js: (_low, _high, at) => writeEpoch(at!),
    environ_sizes_get(countAt, bytesAt) {
      view().setUint32(countAt!, 0, true)
      view().setUint32(bytesAt!, 0, true)
      return 0
    },
    environ_get: () => 0,
  }

  /** Dates of documents are not looked at. */
  function writeEpoch(at: number): void {
    new Uint8Array(wasm.memory.buffer, at, 36).fill(0)
  }

  /** A call from within that may end by a long jump. */
  function invoke(index: number, ...args: number[]): unknown {
    const stack = wasm['emscripten_stack_get_current']!()
    try {
      return wasm.__indirect_function_table.get(index)(...args)
    } catch (error) {
      wasm['_emscripten_stack_restore']!(stack)
      if (typeof error !== 'number') throw error
      return wasm['setThrew']!(1, 0)
    }
  }

  const imports: WebAssembly.Imports = {}
  for (const { module: space, name } of WebAssembly.Module.imports(module)) {
    const absent = space === 'env' ? SYSTEM_NO_ENTRY : NO_ENTRY
    const functions = imports[space] ??= {}
    functions[name] = name.startsWith('invoke_') ? invoke : provided[name] ?? (() => absent)
  }
  const wasm = new WebAssembly.Instance(module, imports).exports as unknown as Exports
  wasm['emscripten_stack_init']!()
  wasm['__wasm_call_ctors']!()
  wasm['PDFiumExt_Init']!()
  return {
    call: (name, ...args) => wasm[name]!(...args),
    malloc(bytes) {
      const at = wasm['malloc']!(bytes) >>> 0
      if (at !== 0) return at
      overfull = true
      throw new WebAssembly.RuntimeError('PDFium has no memory left')
    },
    free: (at) => void wasm['free']!(at),
    memory: wasm.memory,
    get isOverfull() {
      return overfull
    },
  }
}
