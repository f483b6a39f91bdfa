/**
 * What WebGPU says of the device: shown to people, and asked before a model is put on it.
 *
 * @module
 */

export interface Adapter {
  vendor: string
  architecture: string
  description: string
  /** Runs on the processor: a fallback adapter, or one known by its name. */
  software: boolean
  /** Bytes. */
  maxBufferSize: number
  maxStorageBufferBindingSize: number
  shaderF16: boolean
}

/** As far as it is used here; a runtime without WebGPU has no such types. */
interface GpuAdapter {
  info?: GpuAdapterInfo
  isFallbackAdapter?: boolean
  features: { has(name: string): boolean }
  limits: { maxBufferSize: number; maxStorageBufferBindingSize: number }
}
interface GpuAdapterInfo {
  vendor?: string
  architecture?: string
  device?: string
  description?: string
  isFallbackAdapter?: boolean
}

const SOFTWARE = /llvmpipe|lavapipe|softpipe|swiftshader|software|basic render|\bwarp\b/i
const MAX_TEXT = 100
const MAX_BYTES = 1e12

/** The device that WebGPU would use; `undefined` where there is none or it does not answer. */
export async function readAdapter(timeoutMs = 3000): Promise<Adapter | undefined> {
  const { gpu } = navigator as {
    gpu?: { requestAdapter(options?: unknown): Promise<GpuAdapter | null> }
  }
  if (gpu === undefined) return undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<null>((resolve) => timer = setTimeout(() => resolve(null), timeoutMs))
  try {
    const found = await Promise.race([
      gpu.requestAdapter({ powerPreference: 'high-performance' }),
      late,
    ])
    return found === null ? undefined : describe(found)
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
}

/** Why there is none, as what {@linkcode readAdapter} found. */
export const noAdapter = (): string =>
  'gpu' in navigator ? 'this device has no WebGPU adapter' : 'no WebGPU is offered here'

export function describe({ info = {}, isFallbackAdapter, features, limits }: GpuAdapter): Adapter {
  const text = (value: string | undefined) => (value ?? '').slice(0, MAX_TEXT)
  const bytes = (value: number) => Math.min(Math.max(0, Math.floor(value) || 0), MAX_BYTES)
  const names = [info.vendor, info.architecture, info.device, info.description].join(' ')
  return {
    vendor: text(info.vendor),
    architecture: text(info.architecture),
    description: text(info.description),
    software: info.isFallbackAdapter === true || isFallbackAdapter === true || SOFTWARE.test(names),
    maxBufferSize: bytes(limits.maxBufferSize),
    maxStorageBufferBindingSize: bytes(limits.maxStorageBufferBindingSize),
    shaderF16: features.has('shader-f16'),
  }
}

/** For people, and to tell one device from another between starts. */
export function adapterName({ vendor, architecture, description, software }: Adapter): string {
  const name = description || [vendor, architecture].filter(Boolean).join(' ') || 'a GPU'
  return software ? `${name}, a software adapter` : name
}
