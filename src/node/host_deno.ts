/**
 * A node's place in a Deno process. The one file of `src/node` that knows Deno.
 *
 * @module
 */
import type { CodecName } from '../stages/codecs.ts'
import type { EngineAssets } from './engine/engine.ts'
import type { Host, NodeStorage } from './host.ts'
import { type ByteStream, createSocketOpener } from './link/stream_socket.ts'

export interface DenoHostOptions {
  /** URL of each picture codec's WebAssembly file. */
  codecs: { [name in CodecName]: string }
  /** Folder and name of what is kept between starts; absent where nothing is kept. */
  keep?: { dir: string; name: string }
  /** The engine's files, where they are not those of this checkout. */
  ort?: EngineAssets['ort']
  /** Entry point of the worker. */
  worker?: URL
  /** Of the worker that draws documents. */
  drawing?: string
  /** Name of the model cache in Deno's Cache API. */
  cache?: string
}

/** The host of a node in this process. */
export function createDenoHost(options: DenoHostOptions): Host {
  const worker = options.worker ?? new URL('../../workers/inference.ts', import.meta.url)
  const memoryBytes = availableMemory()
  return {
    runtime: 'deno',
    threads: navigator.hardwareConcurrency,
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    assets: {
      codecs: options.codecs,
      drawing: options.drawing ?? new URL('../../workers/drawing.ts', import.meta.url).href,
      ...(options.ort === undefined ? {} : { ort: options.ort }),
    },
    createWorker: () => new Worker(worker, { type: 'module' }),
    openLink: createSocketOpener(connect),
    storage: options.keep === undefined ? forgetful() : createFileStorage(options.keep),

    async openCache() {
      try {
        return await caches.open(options.cache ?? 'shoal-models')
      } catch {
        return undefined
      }
    },

    onExit(leave) {
      const signals: Deno.Signal[] = Deno.build.os === 'windows'
        ? ['SIGINT', 'SIGBREAK']
        : ['SIGINT', 'SIGTERM']
      const handlers = signals.map((signal) => ({ signal, handler: () => leave(signal) }))
      handlers.forEach(({ signal, handler }) => Deno.addSignalListener(signal, handler))
      return () => {
        handlers.forEach(({ signal, handler }) => Deno.removeSignalListener(signal, handler))
      }
    },
  }
}

async function connect(hostname: string, port: number, secure: boolean): Promise<ByteStream> {
  const tcp = await Deno.connect({ hostname, port })
  tcp.setNoDelay(true)
  const conn = secure ? await Deno.startTls(tcp, { hostname }) : tcp
  let closed = false
  return {
    chunks: chunksOf(conn),
    async write(bytes) {
      for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at))
    },
    close() {
      if (closed) return
      closed = true
      conn.close()
    },
  }
}

/** What comes in, until the end or until it is closed here. A chunk is valid until the next. */
async function* chunksOf(conn: Deno.Conn): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(64 * 1024)
  for (;;) {
    const size = await conn.read(buffer).catch(() => null)
    if (size === null) return
    yield buffer.subarray(0, size)
  }
}

/** Half of what is free: the machine is the volunteer's. */
function availableMemory(): number | undefined {
  try {
    // Without the permission a terminal would be asked for it, and a volunteer with it.
    const { state } = Deno.permissions.querySync({ name: 'sys', kind: 'systemMemoryInfo' })
    if (state !== 'granted') return undefined
    return Math.floor(Deno.systemMemoryInfo().available / 2)
  } catch {
    return undefined
  }
}

/** One small file a key. What cannot be read or written is as if it never was. */
function createFileStorage({ dir, name }: { dir: string; name: string }): NodeStorage {
  const file = (key: string) => `${dir}/${key}-${encodeURIComponent(name)}.json`
  return {
    async get(key) {
      try {
        return await Deno.readTextFile(file(key))
      } catch {
        return undefined
      }
    },
    async set(key, value) {
      // Whole or not at all: a process may end between two writes.
      const fresh = `${file(key)}.${crypto.randomUUID().slice(0, 8)}`
      try {
        await Deno.mkdir(dir, { recursive: true })
        await Deno.writeTextFile(fresh, value)
        await Deno.rename(fresh, file(key))
      } catch {
        // No permission to write, or no room: the node lives on as a new one next time.
        await Deno.remove(fresh).catch(() => {})
      }
    },
  }
}

function forgetful(): NodeStorage {
  return { get: () => Promise.resolve(undefined), set: () => Promise.resolve() }
}
