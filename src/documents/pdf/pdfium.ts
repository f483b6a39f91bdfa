/**
 * PDFium as WebAssembly: its own functions, a memory that ends, and files that are read and written
 * in blocks, so that a large document is never in that memory as a whole.
 *
 * @module
 */
import { init } from '@embedpdf/pdfium'

type Address = number

/** Functions of PDFium by their own names; handles and pointers are addresses, 0 is none. */
export interface Exports {
  memory: WebAssembly.Memory
  malloc(bytes: number): Address
  free(at: Address): void
  FPDF_InitLibrary(): void
  FPDF_GetLastError(): number
  FPDF_LoadCustomDocument(access: Address, password: Address): Address
  FPDF_CreateNewDocument(): Address
  FPDF_CloseDocument(document: Address): void
  FPDF_GetPageCount(document: Address): number
  FPDF_ImportPagesByIndex(
    ...of: [to: Address, from: Address, indices: Address, count: number, at: number]
  ): number
  FPDF_SaveAsCopy(document: Address, writer: Address, flags: number): number
  EPDF_GetPageBoxByIndex(document: Address, index: number, box: number, to: Address): number
  EPDF_GetPageRotationByIndex(document: Address, index: number): number
  EPDFDoc_GetPageObjectNumberByIndex(document: Address, index: number): number
}

export interface Pdfium {
  api: Exports
  /** It wanted more memory than it may have: whatever it throws, it is for that. */
  readonly isOverfull: boolean
  /** The memory as it is now: a view lasts until the next call. */
  heap(): Uint8Array<ArrayBuffer>
  /** A file that PDFium reads where it needs it. */
  reading(bytes: Uint8Array): Struct
  /** A file that PDFium writes, block by block; `write` says whether it takes the block. */
  writing(write: (block: Uint8Array) => boolean): Struct
  /** Numbers of 32 bits in memory while `use` runs; what it leaves there is read by `heap`. */
  lend<T>(numbers: Int32Array | Float32Array, use: (at: Address) => T): T
}

export interface Struct {
  at: Address
  free(): void
}

/** It needs three of our functions at most, but its types know none of them. */
interface Runtime {
  wasmExports: Exports
  addFunction(call: (...of: number[]) => number, signature: string): number
  removeFunction(at: number): void
}

const PAGE_BYTES = 2 ** 16
/** `FPDF_FILEWRITE`'s only version. */
const WRITER_VERSION = 1

/**
 * @param mostBytes of memory: what a document makes PDFium need beyond them ends this instance with a
 * trap, and nothing else
 */
export async function startPdfium(
  module: WebAssembly.Module,
  mostBytes: number,
): Promise<Pdfium> {
  let overfull = false
  const { pdfium } = await init(
    {
      // Faults come as answers and traps: nothing of them is to be printed.
      ...{ print: () => {}, printErr: () => {} },
      instantiateWasm(
        imports: WebAssembly.Imports,
        done: (instance: WebAssembly.Instance) => void,
      ) {
        const instance = new WebAssembly.Instance(module, imports)
        bound(instance.exports.memory as WebAssembly.Memory, mostBytes, () => overfull = true)
        done(instance)
        return instance.exports
      },
    } as unknown as Parameters<typeof init>[0],
  )
  const { wasmExports: api, addFunction, removeFunction } = pdfium as unknown as Runtime
  api.FPDF_InitLibrary()

  const heap = () => new Uint8Array(api.memory.buffer as ArrayBuffer)
  const allocate = (bytes: number): Address => {
    const at = api.malloc(bytes)
    if (at === 0) throw new RangeError('Cannot go on: PDFium has no memory left')
    return at
  }
  const struct = (fields: (at: Address) => number[], call: number): Struct => {
    const at = allocate(fields(0).length * 4)
    new Uint32Array(api.memory.buffer, at).set(fields(at))
    return {
      at,
      free() {
        api.free(at)
        removeFunction(call)
      },
    }
  }
  return {
    api,
    get isOverfull() {
      return overfull
    },
    heap,
    reading(bytes) {
      const read = addFunction((_of, from, to, count) => {
        if (from! + count! > bytes.length) return 0
        heap().set(bytes.subarray(from, from! + count!), to)
        return 1
      }, 'iiiii')
      return struct(() => [bytes.length, read, 0], read)
    },
    writing(write) {
      const take = addFunction(
        (_of, from, count) => write(heap().slice(from, from! + count!)) ? 1 : 0,
        'iiii',
      )
      return struct(() => [WRITER_VERSION, take], take)
    },
    lend(numbers, use) {
      const at = allocate(numbers.byteLength)
      heap().set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength), at)
      try {
        return use(at)
      } finally {
        api.free(at)
      }
    },
  }
}

/** How the program asks for more: it knows what to do where there is none. */
function bound(memory: WebAssembly.Memory, mostBytes: number, tell: () => void): void {
  const { grow } = memory
  memory.grow = (pages) => {
    if (memory.buffer.byteLength + pages * PAGE_BYTES > mostBytes) {
      tell()
      throw new RangeError('Cannot give PDFium more memory than a document may take')
    }
    return grow.call(memory, pages)
  }
}
