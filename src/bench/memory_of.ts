/** Resident memory of processes over time, as Linux tells it. @module */
import { readFileSync } from 'node:fs'
import type { Counts } from './tools.ts'

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

const LOOK_MS = 250

export function watchMemory(pids: Counts) {
  let most: Counts = {}
  const look = () => {
    for (const [name, mb] of Object.entries(memoryNow(pids))) {
      most[name] = Math.max(most[name] ?? 0, mb)
    }
  }
  look()
  const timer = setInterval(look, LOOK_MS)
  return {
    /** Of each process by name, the most since the last time this was asked. */
    most(): Counts {
      look()
      const told = most
      most = {}
      return told
    },
    end: () => clearInterval(timer),
  }
}

export const memoryNow = (pids: Counts): Counts =>
  Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, residentMb(pid)]))
