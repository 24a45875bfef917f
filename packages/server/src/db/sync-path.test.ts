import fs, { existsSync, mkdtempSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeDirectory } from './sync-path.ts'

/** Watches real flushes. @returns the paths of those that come */
function watchFlushes(): string[] {
  const flushed: string[] = []
  const real = fs.fsyncSync
  fs.fsyncSync = (descriptor) => {
    real(descriptor)
    flushed.push(readlinkSync(`/proc/self/fd/${descriptor}`))
  }
  syncBuiltinESMExports()
  onTestFinished(() => {
    fs.fsyncSync = real
    syncBuiltinESMExports()
  })
  return flushed
}

test.skipIf(process.platform !== 'linux')('every directory that is made is on the disk with its name', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'miniapps-directories-'))
  onTestFinished(() => rmSync(scratch, { recursive: true, force: true }))
  const flushed = watchFlushes()
  makeDirectory(join(scratch, 'one/two/three/'))
  expect(flushed).toEqual([join(scratch, 'one/two'), join(scratch, 'one'), scratch])
  expect(statSync(join(scratch, 'one')).mode & 0o777).toBe(0o700)
  flushed.length = 0
  makeDirectory(join(scratch, 'one/two/three'))
  expect(flushed).toEqual([])
  expect(existsSync(join(scratch, 'one/two/three'))).toBe(true)
})
