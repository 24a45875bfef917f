/**
 * What of a directory would be there after a power cut, kept beside it: of each file the bytes of its last flush, of each
 * directory the names of its last flush. Files are known by their inode; a hard link of our own keeps the number of each
 * from being given to another one.
 */
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Random } from '../properties/random.ts'

interface Entry {
  name: string
  ino: number
  mode: number
  isDirectory: boolean
}

const CHUNK_BYTES = 1024 * 1024
/** What a disk writes at once, or not. */
const PAGE_BYTES = 4096

export class Shadow {
  readonly #files: string
  readonly #directories: string
  readonly #held: string
  readonly #chunk = Buffer.alloc(CHUNK_BYTES)
  readonly #known = Buffer.alloc(CHUNK_BYTES)

  /** @param directory on the same file system as what it is the shadow of */
  constructor(directory: string) {
    this.#files = join(directory, 'files')
    this.#directories = join(directory, 'directories')
    this.#held = join(directory, 'held')
    for (const made of [this.#files, this.#directories, this.#held]) mkdirSync(made, { recursive: true })
  }

  /** A file or directory was flushed. */
  flushed(descriptor: number): void {
    const stat = fstatSync(descriptor)
    const here = `/proc/self/fd/${descriptor}`
    if (stat.isDirectory()) this.#flushDirectory(here, stat.ino)
    else if (stat.isFile() && (stat.nlink > 0 || this.#isHeld(stat.ino))) {
      if (!this.#isHeld(stat.ino)) this.#hold(readlinkSync(here), stat.ino)
      this.#flushFile(here, stat.ino)
    }
  }

  /** A directory that was made just now, whatever had its number before, holds nothing yet. */
  made(path: string): void {
    rmSync(this.#listing(lstatSync(path).ino), { force: true })
  }

  /** Everything below is on the disk. */
  flushTree(path: string): void {
    for (const { name, ino, isDirectory } of entriesOf(path)) {
      const child = join(path, name)
      if (isDirectory) this.flushTree(child)
      else {
        this.#hold(child, ino)
        this.#flushFile(child, ino)
      }
    }
    this.#flushDirectory(path, lstatSync(path).ino)
  }

  /**
   * Writes what is left after a power cut of the directory `from`, which nobody changes any more.
   *
   * @param leaking disks also write what nobody asked them to flush: by chance, names of a directory and pages of a file
   */
  restore(from: string, to: string, leaking?: Random): void {
    mkdirSync(to, { recursive: true })
    this.#restore(lstatSync(from).ino, { from, to, leaking })
  }

  #restore(
    ino: number,
    { from, to, leaking }: { from: string | undefined; to: string; leaking: Random | undefined },
  ): void {
    const isLeaked = from !== undefined && leaking?.chance(0.5)
    const entries = isLeaked ? entriesOf(from) : this.#entries(ino)
    for (const entry of entries) {
      const child = { from: from && liveChild(from, entry), to: join(to, entry.name) }
      if (entry.isDirectory) {
        mkdirSync(child.to, { mode: entry.mode })
        this.#restore(entry.ino, { ...child, leaking })
      } else {
        const flushed = join(this.#files, String(entry.ino))
        if (existsSync(flushed)) copyFileSync(flushed, child.to)
        else writeFileSync(child.to, '')
        chmodSync(child.to, entry.mode)
        const live = this.#isHeld(entry.ino) ? join(this.#held, String(entry.ino)) : child.from
        if (leaking && live !== undefined) leakPages(live, child.to, leaking)
      }
    }
  }

  #listing(ino: number): string {
    return join(this.#directories, `${ino}.json`)
  }

  #entries(ino: number): Entry[] {
    const listing = this.#listing(ino)
    return existsSync(listing) ? JSON.parse(readFileSync(listing, 'utf8')) : []
  }

  #flushDirectory(path: string, ino: number): void {
    const entries = entriesOf(path)
    for (const { name, ino: file, isDirectory } of entries) {
      if (!isDirectory) this.#hold(join(path, name), file)
    }
    const listing = this.#listing(ino)
    writeFileSync(`${listing}.new`, JSON.stringify(entries))
    renameSync(`${listing}.new`, listing)
  }

  #isHeld(ino: number): boolean {
    return existsSync(join(this.#held, String(ino)))
  }

  #hold(path: string, ino: number): void {
    if (!this.#isHeld(ino)) linkSync(path, join(this.#held, String(ino)))
  }

  #flushFile(path: string, ino: number): void {
    const from = openSync(path, 'r')
    const to = openSync(join(this.#files, String(ino)), 'a+')
    closeSync(to)
    const known = openSync(join(this.#files, String(ino)), 'r+')
    try {
      let at = 0
      for (;;) {
        const length = readSync(from, this.#chunk, 0, CHUNK_BYTES, at)
        if (length === 0) break
        const knownLength = readSync(known, this.#known, 0, length, at)
        const isKnown = knownLength === length && this.#chunk.compare(this.#known, 0, length, 0, length) === 0
        if (!isKnown) writeSync(known, this.#chunk, 0, length, at)
        at += length
      }
      ftruncateSync(known, at)
    } finally {
      closeSync(from)
      closeSync(known)
    }
  }
}

function entriesOf(path: string): Entry[] {
  return readdirSync(path).flatMap((name) => {
    const stat = lstatSync(join(path, name), { throwIfNoEntry: false })
    if (stat === undefined || !(stat.isFile() || stat.isDirectory())) return []
    return [{ name, ino: stat.ino, mode: stat.mode & 0o777, isDirectory: stat.isDirectory() }]
  })
}

/** Where the same file or directory still is, if it is. */
function liveChild(from: string, { name, ino }: Entry): string | undefined {
  const path = join(from, name)
  return lstatSync(path, { throwIfNoEntry: false })?.ino === ino ? path : undefined
}

/** Some of the pages that differ are those of the living file, where they are not beyond the end by a gap. */
function leakPages(live: string, to: string, random: Random): void {
  const now = readFileSync(live)
  const file = openSync(to, 'r+')
  try {
    const then = readFileSync(file)
    for (let at = 0; at < now.length; at += PAGE_BYTES) {
      const page = now.subarray(at, at + PAGE_BYTES)
      if (!page.equals(then.subarray(at, at + PAGE_BYTES)) && random.chance(0.5)) {
        writeSync(file, page, 0, page.length, at)
      }
    }
  } finally {
    closeSync(file)
  }
}
