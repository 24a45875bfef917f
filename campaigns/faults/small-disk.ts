/** A disk of our own that can be filled to the last byte: a tmpfs, which only root may mount. */
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const CHUNK = Buffer.alloc(2 ** 20)

export interface SmallDisk {
  directory: string
  /** Leaves at most this much. */
  fill(leaveBytes?: number): void
  /** Takes away what filled it. */
  free(): void
  unmount(): void
}

export function mountSmallDisk(megabytes: number): SmallDisk {
  const directory = mkdtempSync(join(tmpdir(), 'miniapps-small-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0777`, 'miniapps', directory], {
    stdio: 'pipe',
  })
  const ballast = join(directory, 'ballast')
  return {
    directory,
    fill(leaveBytes = 0) {
      const file = openSync(ballast, 'a')
      try {
        for (;;) {
          const { bavail, bsize } = statfsSync(directory)
          const room = bavail * bsize - leaveBytes
          if (room <= 0) return
          writeSync(file, CHUNK, 0, Math.min(CHUNK.length, room))
        }
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'ENOSPC') throw error
      } finally {
        fsyncSync(file)
        closeSync(file)
      }
    },
    free: () => rmSync(ballast, { force: true }),
    unmount() {
      execFileSync('umount', ['--lazy', directory], { stdio: 'pipe' })
      rmdirSync(directory)
    },
  }
}

/** Why no small disk can be made here; undefined where one can. */
export function whyNoSmallDisk(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'mounting a tmpfs needs root on Linux'
  try {
    mountSmallDisk(1).unmount()
    return undefined
  } catch (error) {
    return `a tmpfs cannot be mounted: ${error instanceof Error ? error.message.split('\n').at(-2) : error}`
  }
}
