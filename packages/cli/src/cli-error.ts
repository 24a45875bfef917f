import type { ExitName } from './exit-code.ts'

export interface CliErrorOptions {
  /** What the reader can do now; whole sentences or commands, one a line. */
  next?: readonly string[]
  /** Code of the server's error, for machines. */
  code?: string
  /** Finds the server's log line. */
  requestId?: string
  details?: Record<string, unknown>
  cause?: unknown
}

/** Why a command could not do its work. `message` says what happened and where; it never holds a secret. */
export class CliError extends Error {
  readonly exit: ExitName
  readonly next: readonly string[]
  readonly code: string | undefined
  readonly requestId: string | undefined
  readonly details: Record<string, unknown> | undefined

  constructor(exit: ExitName, message: string, options: CliErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'CliError'
    this.exit = exit
    this.next = options.next ?? []
    this.code = options.code
    this.requestId = options.requestId
    this.details = options.details
  }
}

/** The `code` of a system error, such as `ENOENT`; empty where there is none. */
export function systemCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}
