/**
 * The text of a `state` or a ticket: `{workspace id without hyphens}.{256 random bits}`. It names its workspace, because
 * the address of a callback does not (specification 3.4); the database holds the SHA-256 of the whole text alone.
 */
import { createHash, randomBytes } from 'node:crypto'

const RANDOM_BYTES = 32
const TEXT = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})\.[A-Za-z0-9_-]{43}$/

/** How a one-time text is found. */
export interface OneTimeKey {
  workspaceId: string
  hash: Buffer
}

/** @param workspaceId a UUID */
export function makeOneTimeText(workspaceId: string): OneTimeKey & { text: string } {
  const text = `${workspaceId.replaceAll('-', '')}.${randomBytes(RANDOM_BYTES).toString('base64url')}`
  return { text, workspaceId, hash: sha256(text) }
}

/** @returns undefined for a text that was never made here */
export function readOneTimeText(text: string): OneTimeKey | undefined {
  const [, ...groups] = TEXT.exec(text) ?? []
  return groups.length === 0 ? undefined : { workspaceId: groups.join('-'), hash: sha256(text) }
}

export function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
