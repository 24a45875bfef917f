/** What an error of the database means. The same fields arrive from both engines: `code` (SQLSTATE), `detail`, `constraint`. */
import type { DatabaseError } from 'pg'

/** The database did not answer, or not in time; whether a commit under way took effect is unknown. */
export class DatabaseUnavailableError extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'DatabaseUnavailableError'
  }
}

/** The database cannot be used as it is; `message` says what the operator can do. Trying again does not help. */
export class DatabaseRefusedError extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'DatabaseRefusedError'
  }
}

/** A query on the outer handle, or a second transaction, inside the body of a transaction: a mistake in our code. */
export class TransactionScopeError extends Error {
  constructor() {
    super(
      'A query inside a transaction used the outer database handle. Use the handle that the transaction passes to its body: the outer one would wait for a connection that this transaction holds.',
    )
    this.name = 'TransactionScopeError'
  }
}

/** A statement on a table of workspaces that does not name one: a mistake in our code; nothing was sent. */
export class UnboundStatementError extends Error {
  /** @param wrong continues "A statement …" */
  constructor(wrong: string, sql: string) {
    super(
      `A statement ${wrong}. Compare workspaceId with the caller's for equality, or, where it is meant for all workspaces, list it in db/exemptions.ts. The statement: ${sql}`,
    )
    this.name = 'UnboundStatementError'
  }
}

/** SQLSTATE codes and classes (PostgreSQL manual, appendix A). */
const UNIQUE_VIOLATION = '23505'
const FOREIGN_KEY_VIOLATION = '23503'
const CHECK_VIOLATION = '23514'
const SERIALIZATION_FAILURE = '40001'
const DEADLOCK_DETECTED = '40P01'
const RETRYABLE_CODES: ReadonlySet<string> = new Set([
  SERIALIZATION_FAILURE,
  DEADLOCK_DETECTED,
  '25006', // read_only_sql_transaction: the server we reached is no longer the primary
  '25P03', // idle_in_transaction_session_timeout
  '55P03', // lock_not_available
  '57014', // query_canceled: it took longer than statement_timeout
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '58030', // io_error
])
/** 08 connection exception, 53 insufficient resources (connections, memory, disk). */
const RETRYABLE_CLASSES: ReadonlySet<string> = new Set(['08', '53'])

const CONNECTION_CODES: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'EMFILE',
  'ENETUNREACH',
  'ENFILE',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
])

/** `pg` gives these no code. */
const CONNECTION_MESSAGES: ReadonlySet<string> = new Set([
  'Connection terminated',
  'Connection terminated due to connection timeout',
  'Connection terminated unexpectedly',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
  'timeout exceeded when trying to connect',
])

/** An error that the server itself reported, with an SQLSTATE in `code`: the statement took no effect. */
export function isDatabaseError(error: unknown): error is DatabaseError & { code: string } {
  return (
    error instanceof Error &&
    'severity' in error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^[0-9A-Z]{5}$/.test(error.code)
  )
}

/** @param constraint name of the constraint or unique index; default: any */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return violates(error, UNIQUE_VIOLATION, constraint)
}

/** @param constraint name of the constraint; default: any */
export function isForeignKeyViolation(error: unknown, constraint?: string): boolean {
  return violates(error, FOREIGN_KEY_VIOLATION, constraint)
}

/** The row is of a day that has no partition (`addPartitions`). PostgreSQL has no code of its own for it. */
export function isPartitionMissing(error: unknown): boolean {
  return (
    isDatabaseError(error) &&
    error.code === CHECK_VIOLATION &&
    error.constraint === undefined &&
    error.routine === 'ExecFindPartition'
  )
}

/** Two transactions got in each other's way and this one was rolled back: running it again from its start can succeed. */
export function isSerializationFailure(error: unknown): boolean {
  return isDatabaseError(error) && (error.code === SERIALIZATION_FAILURE || error.code === DEADLOCK_DETECTED)
}

/** The connection failed, or could not be made: what was in flight may or may not have been committed. */
export function isConnectionFailure(error: unknown): boolean {
  if (error instanceof DatabaseUnavailableError) return true
  if (!(error instanceof Error)) return false
  if (isDatabaseError(error)) return error.code.startsWith('08') || error.code.startsWith('57P0')
  const { code } = error as { code?: unknown }
  return (typeof code === 'string' && CONNECTION_CODES.has(code)) || CONNECTION_MESSAGES.has(error.message)
}

/**
 * The same work may succeed a moment later: nothing is wrong with it. After a connection failure it may already have
 * been committed, so only work that can be done twice may be repeated.
 */
export function isRetryable(error: unknown): boolean {
  if (isConnectionFailure(error)) return true
  return (
    isDatabaseError(error) &&
    (RETRYABLE_CODES.has(error.code) || RETRYABLE_CLASSES.has(error.code.slice(0, 2)))
  )
}

function violates(error: unknown, code: string, constraint: string | undefined): boolean {
  return (
    isDatabaseError(error) &&
    error.code === code &&
    (constraint === undefined || error.constraint === constraint)
  )
}
