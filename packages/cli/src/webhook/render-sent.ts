import type { Outcome } from '../outcome.ts'
import type { Paint } from '../paint.ts'

export interface Answer {
  status: number
  /** Without secrets. */
  body: string
  durationMs: number
}

export interface Sent {
  ns: string
  event: string | undefined
  transactionId: string | undefined
  url: string
  /** What it was made from. */
  from: string
  /** Of the verification. */
  type: string
  header: string | undefined
  secret: string | undefined
  /** What was done to it so that it is refused. */
  tampered: string | undefined
  /** It is told from its repetitions by an id that stays the same when it is sent again. */
  canBeFresh: boolean
  /** It went to the address of the app on a server of ours. */
  isOurs: boolean
  answers: readonly Answer[]
}

const UNAUTHORIZED = 401

/** Fine where every answer is the expected one: 2xx, or 401 for what was tampered with. */
export function sentOutcome(sent: Sent): Outcome {
  const { answers, tampered, canBeFresh: _canBeFresh, isOurs: _isOurs, ...told } = sent
  const isFine = answers.every(({ status }) => isExpected(status, tampered))
  return {
    exit: isFine ? 'ok' : 'failed',
    document: { ok: isFine, ...told, tampered: tampered ?? null, answers },
    text: (paint) =>
      [
        heading(sent, paint),
        ...facts(sent).map((fact) => `  ${paint.faint(fact)}`),
        ...answers.map((answer, index) => answerLine(answer, { index, tampered, paint })),
        ...next(sent, isFine).map((line) => `${paint.faint('→')} ${line}`),
      ].join('\n'),
  }
}

function isExpected(status: number, tampered: string | undefined): boolean {
  return tampered === undefined ? status >= 200 && status < 300 : status === UNAUTHORIZED
}

const heading = ({ event, url }: Sent, paint: Paint): string =>
  `Sent ${paint.strong(event ?? 'a delivery without an event')} to ${url}`

function facts({ from, type, header, secret, tampered, transactionId }: Sent): string[] {
  const how = `signed as ${type}${header === undefined ? '' : ` in ${header}`}`
  return [
    `from ${from}`,
    type === 'none'
      ? 'not signed: nothing is verified'
      : secret === undefined
        ? how
        : `${how}, with ${secret}`,
    ...(tampered === undefined ? [] : [`but ${tampered}`]),
    ...(transactionId === undefined ? [] : [`transaction id ${transactionId}`]),
  ]
}

function answerLine(
  { status, body, durationMs }: Answer,
  { index, tampered, paint }: { index: number; tampered: string | undefined; paint: Paint },
): string {
  const code = isExpected(status, tampered) ? paint.good(String(status)) : paint.bad(String(status))
  return `  ${index + 1}. ${code} in ${durationMs} ms${body === '' ? '' : `  ${body.replace(/\s*\n\s*/g, ' ')}`}`
}

/** What an answer that is not the expected one means. */
const NEXT_BY_STATUS: Readonly<Record<number, (sent: Sent) => readonly string[]>> = {
  400: () => ['The body cannot be read as what its Content-Type says.'],
  401: ({ ns, isOurs }) => [
    'The receiver has another secret than the one that was used here, or signs something else.',
    ...(isOurs ? [`miniapps events list --refused --ns ${ns} shows the reason.`] : []),
  ],
  404: ({ ns, isOurs }) =>
    isOurs
      ? [`The app is not there, not installed, not connected, or takes no webhooks: miniapps doctor ${ns}`]
      : [],
  413: () => ['The body is larger than the receiver takes.'],
  503: () => ['The receiver could not keep it; providers send it again later.'],
}

function next(sent: Sent, isFine: boolean): readonly string[] {
  const { answers, tampered, ns, isOurs, canBeFresh } = sent
  if (isFine && tampered !== undefined) return []
  if (isFine) {
    return [
      ...(isOurs ? [`miniapps events list --ns ${ns} shows what became of it.`] : []),
      ...(canBeFresh ? ['Sent again it is a repetition; --fresh makes it another delivery.'] : []),
    ]
  }
  const unexpected = answers.find(({ status }) => !isExpected(status, tampered))
  if (tampered !== undefined && unexpected !== undefined && unexpected.status < 300) {
    return [`It was accepted although ${tampered}: this verification does not see that.`]
  }
  return NEXT_BY_STATUS[unexpected?.status ?? 0]?.(sent) ?? []
}
