/**
 * Loaded with `node --import` into every process and thread of a server: a flush of what lies below `POWER_CUT_DISK` also
 * reaches the shadow in `POWER_CUT_SHADOW`, and when the file `order` there says so, the power is cut: nothing reaches the
 * shadow any more and whoever asks for a flush waits for ever. What is written without a flush never gets there.
 */
import fs, { existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { Shadow } from './shadow.ts'

/** Written by the campaign into `order`. */
export interface Order {
  /** How many flushes of one thread from now on are the last; 1 is the next. */
  flushes: number
  /** Whether the last one reaches the disk; nobody hears of it in any case. */
  takesEffect: boolean
}

const { POWER_CUT_DISK: disk = '', POWER_CUT_SHADOW: directory = '' } = process.env
const orderFile = join(directory, 'order')
const cutFile = join(directory, 'cut')
const shadow = new Shadow(directory)
let left: number | undefined

function flush(descriptor: number): void {
  const path = readlinkSync(`/proc/self/fd/${descriptor}`)
  if (path !== disk && !path.startsWith(`${disk}/`)) return
  if (existsSync(cutFile)) waitForEver()
  const order = readOrder()
  if (order !== undefined) left = (left ?? order.flushes) - 1
  const isLast = left !== undefined && left <= 0
  if (!isLast || order?.takesEffect) shadow.flushed(descriptor)
  if (!isLast) return
  writeFileSync(`${cutFile}.new`, String(process.pid))
  fs.renameSync(`${cutFile}.new`, cutFile)
  waitForEver()
}

function readOrder(): Order | undefined {
  return existsSync(orderFile) ? JSON.parse(readFileSync(orderFile, 'utf8')) : undefined
}

function waitForEver(): never {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  throw new Error('The power is back, which never happens.')
}

for (const name of ['fsyncSync', 'fdatasyncSync'] as const) {
  const real = fs[name]
  fs[name] = (descriptor) => {
    real(descriptor)
    flush(descriptor)
  }
}

const realMkdir = fs.mkdirSync
fs.mkdirSync = ((path: string, options?: fs.MakeDirectoryOptions) => {
  const isNew = !existsSync(path)
  const made = realMkdir(path, options)
  if (isNew && path.startsWith(`${disk}/`)) shadow.made(path)
  return made
}) as typeof fs.mkdirSync

const probe = await open(disk, 'r')
const handles = Object.getPrototypeOf(probe) as FileHandle
await probe.close()
for (const name of ['sync', 'datasync'] as const) {
  const real = handles[name]
  handles[name] = async function (this: FileHandle) {
    await real.call(this)
    flush(this.fd)
  }
}
syncBuiltinESMExports()
