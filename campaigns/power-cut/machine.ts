/** A computer whose power is cut: a server on the embedded database, on a disk that forgets what was not flushed. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { clockAhead } from '../../packages/server/test/clock-ahead.ts'
import { type ServerProcess, startServerProcess } from '../../packages/server/test/server-process.ts'
import type { Random } from '../properties/random.ts'
import type { Order } from './disk.ts'
import { Shadow } from './shadow.ts'

const LAYER = join(import.meta.dirname, 'disk.ts')
const POLL_MS = 20

export interface MachineOptions {
  /** Of the whole campaign; must exist. */
  directory: string
  /** Settings of the server besides `DATA_DIR`. */
  env: Record<string, string>
}

export class Machine {
  readonly #options: MachineOptions
  readonly #disk: string
  readonly #shadow: string

  constructor(options: MachineOptions) {
    this.#options = options
    this.#disk = join(options.directory, 'disk')
    this.#shadow = join(options.directory, 'shadow')
    mkdirSync(this.#disk)
    this.allFlushed()
  }

  /** The settings that find the data, for whoever opens them while no server runs. */
  get env(): Record<string, string> {
    return { ...this.#options.env, DATA_DIR: join(this.#disk, 'data') }
  }

  /**
   * Starts the server.
   * @param aheadMs by how much its clock is ahead
   * @returns undefined where the power was cut before it was ready
   */
  async start(aheadMs = 0): Promise<ServerProcess | undefined> {
    const { directory } = this.#options
    const env = {
      ...this.env,
      ...(await clockAhead({ ms: aheadMs, directory, imports: [LAYER] })),
      POWER_CUT_DISK: this.#disk,
      POWER_CUT_SHADOW: this.#shadow,
    }
    const ending = new AbortController()
    const watching = this.untilCut(ending.signal)
    try {
      return await startServerProcess({ env, cwd: directory })
    } catch (error) {
      if (this.#isCut()) return undefined
      throw error
    } finally {
      ending.abort()
      await watching
    }
  }

  /** The power will be cut at a flush to come. */
  order(order: Order): void {
    const file = join(this.#shadow, 'order')
    writeFileSync(`${file}.new`, JSON.stringify(order))
    renameSync(`${file}.new`, file)
  }

  /** Waits for the flush that was ordered; then no process of the server runs any more. Or until the signal is aborted. */
  async untilCut(signal: AbortSignal): Promise<void> {
    while (!this.#isCut()) {
      if (signal.aborted) return
      await sleep(POLL_MS)
    }
    // The one that asked for the flush: the server itself, or the process that makes its database.
    const pid = Number(readFileSync(join(this.#shadow, 'cut'), 'utf8'))
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It was killed before.
    }
  }

  #isCut(): boolean {
    return existsSync(join(this.#shadow, 'cut'))
  }

  /** After the server has ended: the disk holds what was flushed. @param leaking see {@link Shadow.restore} */
  restore(leaking: Random | undefined): void {
    const restored = `${this.#disk}.restored`
    new Shadow(this.#shadow).restore(this.#disk, restored, leaking)
    rmSync(this.#disk, { recursive: true })
    renameSync(restored, this.#disk)
    this.allFlushed()
  }

  /** Everything that is on the disk now stays there. */
  allFlushed(): void {
    rmSync(this.#shadow, { recursive: true, force: true })
    new Shadow(this.#shadow).flushTree(this.#disk)
  }

  /** As it was when it was bought. */
  erase(): void {
    rmSync(this.#disk, { recursive: true })
    mkdirSync(this.#disk)
    this.allFlushed()
  }
}
