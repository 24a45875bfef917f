import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Source } from '../definition/read-source.ts'
import { readPrivateJson, writePrivateJson } from '../private-file.ts'

type Rec = Record<string, unknown>

/** What connecting on this machine left: the bags of an install (specification 3.2). */
export interface StoredConnection {
  ns: string
  /** ISO 8601. */
  connectedAt: string
  uid?: string
  name?: string
  credentials: Rec
  metadata: Rec
  userInput: Rec
  /** `--origin` of the connect: whom the account was connected at, and later calls go to. */
  standIns?: readonly string[]
}

/** `.miniapps/<ns>.json` beside the definition. */
export function connectionFile(source: Source, ns: string): string {
  return join(dirname(source.path), '.miniapps', `${ns}.json`)
}

/** @throws CliError */
export async function readConnection(file: string): Promise<StoredConnection | undefined> {
  const stored = await readPrivateJson(file)
  if (stored === undefined) return undefined
  const bag = (name: string): Rec => {
    const value = stored[name]
    return typeof value === 'object' && value !== null ? (value as Rec) : {}
  }
  return {
    ...(stored as unknown as StoredConnection),
    credentials: bag('credentials'),
    metadata: bag('metadata'),
    userInput: bag('userInput'),
  }
}

/** Readable by the user alone, and never committed: the folder ignores itself. @throws CliError */
export async function writeConnection(file: string, connection: StoredConnection): Promise<void> {
  await writePrivateJson(file, connection)
  const ignore = join(dirname(file), '.gitignore')
  if (!existsSync(ignore)) await writeFile(ignore, '*\n')
}
