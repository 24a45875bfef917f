import { randomBytes } from 'node:crypto'

/** Of 63 bits, so that it is an advisory lock's number, and far above those of the other locks, which are small. */
export function randomProcessId(): string {
  return String(randomBytes(8).readBigUInt64BE() >> 1n)
}
