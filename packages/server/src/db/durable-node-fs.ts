/**
 * PGlite's file system on Node, made durable. PGlite never flushes: it starts PostgreSQL with `-F`, and Emscripten's
 * NODEFS has no `fsync`, so a power cut loses what was acknowledged. Here `fsync` of a file or directory reaches the
 * disk; with `wal_sync_method=fsync` that is once per commit (`fdatasync` of PostgreSQL would not get here: Emscripten
 * answers it without asking the file system).
 *
 * This leans on internals of the pinned PGlite version; `durable-node-fs.test.ts` fails if they move.
 */
import { existsSync, fdatasyncSync, fsyncSync } from 'node:fs'
import type { PGlite } from '@electric-sql/pglite'
import { NodeFS } from '@electric-sql/pglite/nodefs'
import { syncPath } from './sync-path.ts'

interface FsNode {
  mode: number
}

/** The part of Emscripten's NODEFS that is used here. */
interface NodeFsModule {
  FS: { ErrnoError: new (errno: number) => Error; isDir(mode: number): boolean }
  NODEFS: {
    realPath(node: FsNode): string
    node_ops: Record<string, (...args: never[]) => unknown>
    stream_ops: Record<string, (...args: never[]) => unknown>
  }
}
type InitOptions = Parameters<NodeFS['init']>[1]

/** Emscripten's numbers (WASI), which are not Linux's. */
const ERRNO = { EIO: 29, EDQUOT: 19, ENOSPC: 51, EROFS: 69 } as const
const STORAGE_ERRORS: ReadonlyMap<unknown, string> = new Map(
  Object.entries(ERRNO).map(([name, errno]) => [errno, name]),
)
/** Operations that change the disk. */
const WRITING = { stream_ops: ['write', 'fsync'], node_ops: ['setattr', 'mknod', 'rename'] } as const

export interface DurableNodeFsHooks {
  /** A flush of this file or directory has reached the disk. */
  onFlush?(path: string): void
  /** The disk is full or broken. PostgreSQL may answer with an error, or stop without an answer. */
  onStorageError?(failure: { operation: string; code: string }): void
}

export class DurableNodeFS extends NodeFS {
  readonly #hooks: DurableNodeFsHooks

  constructor(directory: string, hooks: DurableNodeFsHooks = {}) {
    super(directory)
    this.#hooks = hooks
  }

  override async init(pg: PGlite, options: InitOptions): ReturnType<NodeFS['init']> {
    const { emscriptenOpts } = await super.init(pg, options)
    const patch = (module: unknown) => makeDurable(module as NodeFsModule, this.#hooks)
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), patch] } }
  }
}

function makeDurable({ FS, NODEFS }: NodeFsModule, hooks: DurableNodeFsHooks): void {
  const names = keepNames(NODEFS)
  NODEFS.stream_ops['fsync'] = (stream: { nfd: number; node: FsNode }) => {
    try {
      names.flush((directory) => hooks.onFlush?.(directory))
      if (FS.isDir(stream.node.mode)) fsyncSync(stream.nfd)
      else fdatasyncSync(stream.nfd)
    } catch (error) {
      const { code } = error as { code?: keyof typeof ERRNO }
      throw new FS.ErrnoError((code && ERRNO[code]) ?? ERRNO.EIO)
    }
    hooks.onFlush?.(NODEFS.realPath(stream.node))
    return 0
  }
  for (const [group, operations] of Object.entries(WRITING)) {
    const table = NODEFS[group as keyof typeof WRITING]
    for (const operation of operations) {
      const original = table[operation]
      if (!original)
        throw new Error(`The file system of this PGlite version has no operation "${operation}".`)
      table[operation] = function reporting(this: unknown, ...args: never[]) {
        try {
          return original.apply(this, args)
        } catch (error) {
          const code = STORAGE_ERRORS.get((error as { errno?: unknown }).errno)
          if (code) hooks.onStorageError?.({ operation, code })
          throw error
        }
      }
    }
  }
}

/**
 * PostgreSQL flushes a new file of a table, but not the directory with its name, and counts on file systems that do both at
 * once. Not all do, and then a checkpoint gives up the log that would make the file again. So every flush comes after those
 * of all directories in which something was made since the last one; a commit that makes nothing pays nothing.
 */
function keepNames(NODEFS: NodeFsModule['NODEFS']) {
  const changed = new Set<string>()
  const make = NODEFS.node_ops['mknod']
  NODEFS.node_ops['mknod'] = (parent: FsNode, ...rest: never[]) => {
    const node = make?.call(NODEFS.node_ops, parent as never, ...rest)
    changed.add(NODEFS.realPath(parent))
    return node
  }
  return {
    flush(onFlush: (directory: string) => void): void {
      for (const directory of changed) {
        // One that was removed since holds no names.
        if (existsSync(directory)) syncPath(directory)
        changed.delete(directory)
        onFlush(directory)
      }
    },
  }
}
