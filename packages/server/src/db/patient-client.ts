import { AsyncLocalStorage } from 'node:async_hooks'
import pg from 'pg'
import { DatabaseUnavailableError } from './error.ts'

const unlimited = new AsyncLocalStorage<true>()

/** Runs work whose statements may take as long as they take: changes of the schema. */
export function withoutTimeLimit<T>(work: () => Promise<T>): Promise<T> {
  return unlimited.run(true, work)
}

/**
 * A client whose patience ends. Where the server's machine hangs, or a firewall forgot the connection, no error ever
 * arrives and the server's own `statement_timeout` is never sent: then the connection is given up, and its query rejects
 * with `DatabaseUnavailableError`.
 *
 * @param answerTimeoutMs of each query; longer than `statement_timeout`, so that a slow query fails by the server's word
 */
export function patientClient(answerTimeoutMs: number): typeof pg.Client {
  return class PatientClient extends pg.Client {
    // The overloads of `query` cannot be repeated one by one; whatever it is called with is handed on.
    override query(...args: unknown[]): never {
      const answer = super.query(...(args as [never])) as unknown
      if (!(answer instanceof Promise) || unlimited.getStore()) return answer as never
      const timer = setTimeout(() => {
        const { connection } = this as unknown as { connection: { stream: { destroy(error: Error): void } } }
        connection.stream.destroy(
          new DatabaseUnavailableError(`The database did not answer within ${answerTimeoutMs} ms.`),
        )
      }, answerTimeoutMs)
      const stop = () => clearTimeout(timer)
      // Beside the caller, whom a further promise would only delay.
      void answer.then(stop, stop)
      return answer as never
    }
  }
}
