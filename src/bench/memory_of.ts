/** Resident memory of processes over time, as Linux tells it. @module */
import { readFileSync } from 'node:fs'

/** Megabytes; NaN where there is no /proc, or no such process any more. */
export function residentMb(pid: number): number {
  try {
    return residentMbIn(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return NaN
  }
}

/** Of what `/proc/PID/status` holds, whose kB are of 1,024 bytes. */
export const residentMbIn = (status: string): number =>
  Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024 / 1e6)

export interface MemoryWatch {
  /** Of each process by name, the most since the last time this was asked. */
  most(): { [name: string]: number }
  end(): void
}

export function watchMemory(
  pids: { [name: string]: number },
  everyMs: number = 250,
): MemoryWatch {
  let most: { [name: string]: number } = {}
  const look = () => {
    for (const [name, pid] of Object.entries(pids)) {
      most[name] = Math.max(most[name] ?? 0, residentMb(pid))
    }
  }
  look()
  const timer = setInterval(look, everyMs)
  return {
    most() {
      look()
      const told = most
      most = {}
      return told
    },
    end: () => clearInterval(timer),
  }
}

export const memoryNow = (pids: { [name: string]: number }): { [name: string]: number } =>
  Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, residentMb(pid)]))
