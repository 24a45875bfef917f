/** Sandbox processes of a server, as the kernel sees them. */
import { readdirSync, readFileSync } from 'node:fs'

export function sandboxPids(parent: number): number[] {
  try {
    return readdirSync(`/proc/${parent}/task`)
      .flatMap((task) => readFileSync(`/proc/${parent}/task/${task}/children`, 'utf8').trim().split(' '))
      .filter((pid) => pid !== '' && readOf(pid, 'cmdline').includes('sandbox/child.ts'))
      .map(Number)
  } catch {
    return []
  }
}

function readOf(pid: string | number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

export interface MemoryWatch {
  /** MiB that the largest sandbox process ever had resident. */
  peakMiB(): number
  stop(): void
}

/** Often enough that a process is seen in the 100 ms between its time limit and its end. */
const WATCH_MS = 40

export function watchMemory(parent: number): MemoryWatch {
  let peakKiB = 0
  const look = () => {
    for (const pid of sandboxPids(parent)) {
      const [, kib] = /VmHWM:\s+(\d+)/.exec(readOf(pid, 'status')) ?? []
      peakKiB = Math.max(peakKiB, Number(kib ?? 0))
    }
  }
  const timer = setInterval(look, WATCH_MS)
  return {
    peakMiB: () => Math.round(peakKiB / 1024),
    stop: () => clearInterval(timer),
  }
}
