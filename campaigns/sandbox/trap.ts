/** A listener on loopback that counts who comes, and the proof that it would see a sandbox process without its lock. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LOCKED_SPAWN_OPTIONS, lockedCommand, probeLocks } from '../../packages/server/src/sandbox/launch.ts'

export interface Trap {
  port: number
  hits: () => number
  close(): void
}

export async function openTrap(): Promise<Trap> {
  let hits = 0
  const server = createServer((socket) => {
    hits++
    socket.on('error', () => {})
    socket.destroy()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { port: (server.address() as AddressInfo).port, hits: () => hits, close: () => server.close() }
}

const CALLER = `import net from 'node:net'
const socket = net.connect({ host: '127.0.0.1', port: Number(process.argv[2]) })
socket.on('connect', () => process.exit(0)).on('error', () => process.exit(0))`

/**
 * Native code of Node, as if the engine had been left, behind the locks and behind all of them but the network's.
 * @returns connections that the trap saw: with the lock there must be none, without it one
 */
export async function probeTrap(): Promise<{ withLock: number; withoutLock: number; lock: string }> {
  const trap = await openTrap()
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'miniapps-trap-')))
  const script = join(folder, 'caller.mjs')
  writeFileSync(script, CALLER)
  const locks = await probeLocks()
  const hitsBehind = async (network: typeof locks.network) => {
    const before = trap.hits()
    const program = { script, args: [String(trap.port)], readable: [script] }
    const command = lockedCommand({ ...locks, network }, program)
    await once(spawn(command.file, command.args, LOCKED_SPAWN_OPTIONS), 'close')
    return trap.hits() - before
  }
  try {
    const withLock = locks.network === 'none' ? 0 : await hitsBehind(locks.network)
    return { withLock, withoutLock: await hitsBehind('none'), lock: locks.network }
  } finally {
    trap.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
