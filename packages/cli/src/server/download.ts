import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CliError, systemCode } from '../cli-error.ts'
import { type AnsweredError, answeredError } from './graphql.ts'
import { failureReason } from './request.ts'
import type { Session } from './session.ts'

/** Milliseconds until the answer begins; how long it then takes depends on its length. */
const BEGIN_TIMEOUT_MS = 100_000

/**
 * Writes what is at a path of the server, piece by piece as it comes.
 *
 * @returns bytes
 * @throws CliError where the server refuses it, or the answer breaks off: what was written until then is not whole
 */
export async function download(
  { server, token }: Session,
  path: string,
  to: NodeJS.WritableStream,
): Promise<number> {
  const begin = new AbortController()
  const timer = setTimeout(() => begin.abort(new DOMException('', 'TimeoutError')), BEGIN_TIMEOUT_MS)
  let bytes = 0
  try {
    const response = await fetch(`${server}${path}`, {
      headers: { 'x-app-token': token },
      redirect: 'manual',
      signal: begin.signal,
    })
    clearTimeout(timer)
    if (response.status !== 200 || response.body === null) throw await refusal(server, response)
    const { body } = response
    const counted = async function* () {
      for await (const piece of body) {
        bytes += piece.length
        yield piece
      }
    }
    await pipeline(Readable.from(counted(), { objectMode: false }), to, { end: to !== process.stdout })
    return bytes
  } catch (error) {
    if (error instanceof CliError) throw error
    // Whoever reads standard output has enough.
    if (systemCode(error) === 'EPIPE') return bytes
    const reason = failureReason(error, BEGIN_TIMEOUT_MS)
    const state = bytes > 0 ? `The download from ${server} broke off` : `Nothing came from ${server}`
    throw new CliError('unreachable', `${state} (${reason}): ask again.`, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

async function refusal(server: string, response: Response): Promise<CliError> {
  const body: unknown = await response.json().catch(() => undefined)
  const error = (body as { error?: { code: string; message: string; requestId: string } } | undefined)?.error
  if (error === undefined) {
    return new CliError(
      'unreachable',
      `${server} answers, but not as a MiniApps server (status ${response.status}).`,
    )
  }
  const { code, message, requestId } = error
  return answeredError({ message, extensions: { code, requestId } } satisfies AnsweredError)
}
