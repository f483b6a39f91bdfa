/**
 * PDFium as a bare instance of WebAssembly: no file system, no network, no scripts of documents, and no
 * more memory than it is given. The package's own binding would bring all of the first, for 290 kB. Files
 * are read and written in blocks, so that a large document is never in that memory as a whole.
 *
 * @module
 */

/** Where something is in PDFium's memory; 0 is nowhere. */
export type Address = number

export interface Pdfium {
  /**
   * A function of PDFium by its name; addresses, handles and sizes are numbers, a boolean is 0 or 1.
   *
   * @throws WebAssembly.RuntimeError, RangeError: whatever it has come to, the instance is of no use then
   */
  call(name: string, ...args: number[]): number
  /** @throws WebAssembly.RuntimeError where there is no memory left */
  malloc(bytes: number): Address
  free(at: Address): void
  readonly memory: WebAssembly.Memory
  /** It asked for more memory than it may have: whatever it throws, it is for that. */
  readonly isOverfull: boolean
  /** A file that PDFium reads where it needs it. */
  reading(bytes: Uint8Array): Struct
  /** A file that PDFium writes, block by block. */
  writing(write: (block: Uint8Array) => void): Struct
  /** Numbers of 32 bits in memory while `use` runs; what it leaves there is read from `memory`. */
  lend<T>(numbers: Int32Array | Float32Array, use: (at: Address) => T): T
}

export interface Struct {
  at: Address
  free(): void
}

const PAGE_BYTES = 2 ** 16
/** Of WASI: there is no such file. */
const NO_ENTRY = 44
/** Of the system calls: the same, as they have it. */
const SYSTEM_NO_ENTRY = -44
/** Bytes of a `tm` of C. */
const DATE_BYTES = 36
/** `FPDF_FILEWRITE`'s only version. */
const WRITER_VERSION = 1

type Call = (...args: number[]) => number
type Exports = Record<string, Call> & {
  memory: WebAssembly.Memory
  __indirect_function_table: WebAssembly.Table
}

/**
 * @param module `pdfium.wasm` of `@embedpdf/pdfium`
 * @param mostBytes of its memory; what it cannot have ends the call that wanted it
 */
export function startPdfium(module: WebAssembly.Module, mostBytes: number): Pdfium {
  let overfull = false
  const heap = () => new Uint8Array(wasm.memory.buffer)
  const view = () => new DataView(wasm.memory.buffer)
  /** Dates of documents are not looked at. */
  const noDate = (_low?: number, _high?: number, at = 0) => void heap().fill(0, at, at + DATE_BYTES)
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
      void heap().copyWithin(to!, from!, from! + length!),
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
    _gmtime_js: noDate,
    _localtime_js: noDate,
    environ_sizes_get(countAt, bytesAt) {
      view().setUint32(countAt!, 0, true)
      view().setUint32(bytesAt!, 0, true)
      return 0
    },
    environ_get: () => 0,
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

  /** Files by the addresses of their structs, which PDFium hands back. */
  const [read, written] = [
    new Map<Address, Uint8Array>(),
    new Map<Address, (b: Uint8Array) => void>(),
  ]
  const table = wasm.__indirect_function_table
  const readAt = addTo(table, 4, (file, from, to, count) => {
    const block = read.get(file!)!.subarray(from! >>> 0, (from! >>> 0) + count!)
    if (block.length < count!) return 0
    heap().set(block, to)
    return 1
  })
  const writeAt = addTo(table, 3, (file, from, count) => {
    written.get(file!)!(heap().slice(from, from! + count!))
    return 1
  })

  function malloc(bytes: number): Address {
    const at = wasm['malloc']!(bytes) >>> 0
    if (at !== 0) return at
    overfull = true
    throw new WebAssembly.RuntimeError('PDFium has no memory left')
  }

  function structOf<T>(
    files: Map<Address, T>,
    file: T,
    fieldsOf: (at: Address) => number[],
  ): Struct {
    const at = malloc(fieldsOf(0).length * 4)
    fieldsOf(at).forEach((field, i) => view().setUint32(at + 4 * i, field, true))
    files.set(at, file)
    return {
      at,
      free() {
        files.delete(at)
        wasm['free']!(at)
      },
    }
  }

  return {
    call: (name, ...args) => wasm[name]!(...args),
    malloc,
    free: (at) => void wasm['free']!(at),
    memory: wasm.memory,
    get isOverfull() {
      return overfull
    },
    reading: (bytes) => structOf(read, bytes, (at) => [bytes.length, readAt, at]),
    writing: (write) => structOf(written, write, () => [WRITER_VERSION, writeAt]),
    lend(numbers, use) {
      const at = malloc(numbers.byteLength)
      heap().set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength), at)
      try {
        return use(at)
      } finally {
        wasm['free']!(at)
      }
    },
  }
}

/**
 * Makes a function one that WebAssembly may call, by the number that it has in the table. A table takes
 * none but those of a module: one that hands on what it imports is made for it.
 *
 * @param parameters integers of 32 bits, as what it returns is
 */
function addTo(table: WebAssembly.Table, parameters: number, call: Call): number {
  const [NAME, INT, FUNCTION] = [[1, 0x66], 0x7f, 0]
  const section = (id: number, ...content: number[]) => [id, content.length, ...content]
  const module = new WebAssembly.Module(Uint8Array.of(
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 1, 0x60, parameters, ...Array<number>(parameters).fill(INT), 1, INT),
    ...section(2, 1, ...NAME, ...NAME, FUNCTION, 0),
    ...section(7, 1, ...NAME, FUNCTION, 0),
  ))
  const { exports } = new WebAssembly.Instance(module, { f: { f: call } })
  const at = table.grow(1)
  table.set(at, exports['f'])
  return at
}
