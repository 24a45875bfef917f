import { readFileSync } from 'node:fs'

const SAMPLE_INTERVAL_MS = 50
const MIB = 1024 * 1024

/**
 * Watches the resident memory of a process.
 * @returns by how many MiB it was above the beginning at most
 */
export function watchMemory(pid: number): { stop(): number } {
  const before = residentBytes(pid)
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, residentBytes(pid))
  }, SAMPLE_INTERVAL_MS)
  return {
    stop() {
      clearInterval(timer)
      return Math.round((most - before) / MIB)
    },
  }
}

/** 0 where the process has ended. */
function residentBytes(pid: number): number {
  try {
    const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kilobytes) * 1024
  } catch {
    return 0
  }
}
