/** What a power cut must not take away. */
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** Flushes one file, or the entries of one directory, to the disk. */
export function syncPath(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Flushes everything below a directory, and the directory, to the disk. */
export function syncTree(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name)
    if (entry.isDirectory()) syncTree(child)
    else if (entry.isFile()) syncPath(child)
  }
  syncPath(path)
}

/** Makes a directory for its owner alone where there is none, and those above it; all of their names are on the disk. */
export function makeDirectory(path: string): void {
  const highest = mkdirSync(path, { recursive: true, mode: 0o700 })
  if (highest === undefined) return
  const above = dirname(resolve(highest))
  for (let parent = dirname(resolve(path)); ; parent = dirname(parent)) {
    syncPath(parent)
    if (parent === above) return
  }
}
