/** The inference worker as shipped, whose GPU device can be destroyed on demand. @module */
import '../../../workers/inference.ts'

const channel = new BroadcastChannel('shoal-fault')
channel.onmessage = async ({ data }) => {
  if (data !== 'destroy') return
  const { env } = await import('onnxruntime-web/webgpu')
  const device: { destroy(): void } = await env.webgpu.device
  device.destroy()
}
