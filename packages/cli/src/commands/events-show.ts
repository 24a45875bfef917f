import type { Command } from 'commander'
import type { Outcome } from '../outcome.ts'
import type { Paint } from '../paint.ts'
import { graphql } from '../server/graphql.ts'
import { openSession, type ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'

type Options = ServerOptions

interface Stage {
  stage: string
  status: string
  durationMs?: number
  detail?: Record<string, unknown>
  error?: { code: string; message: string }
}

interface Event {
  _id: string
  createdAt: string
  ns: string
  event: string | null
  status: string
  transactionId: string | null
  orderingKey: string | null
  attempts: number
  round: number
  duplicates: number
  note: string | null
  dueAt: string | null
  bodyBytes: number
  stages: Stage[] | null
  error: { code: string; message: string } | null
  headers: Record<string, string>
  body: string | null
}

const HELP = `
Example:
  $ miniapps events show 0198c0de-…`

const QUERY = `query ($id: String!) {
  webhookEvent(_id: $id) {
    _id createdAt ns event status transactionId orderingKey attempts round duplicates duplicateAt note dueAt processedAt
    customerId bodyBytes stages error headers body bodyBase64
  }
}`

export function eventsShowCommand(parent: Command, shell: Shell): void {
  parent
    .command('show')
    .summary('show one event, stage by stage')
    .description('Shows a delivery, and what each stage of its processing did.')
    .argument('<id>', 'its id, as events list shows it')
    .addHelpText('after', HELP)
    .action(async (id: string, _options: Options, self: Command) => {
      shell.finish(await showEvent(id, self.optsWithGlobals<Options>(), shell))
    })
}

async function showEvent(id: string, options: Options, shell: Shell): Promise<Outcome> {
  const session = await openSession(shell, options)
  const { webhookEvent: event } = await graphql<{ webhookEvent: Event }>(session, QUERY, { id })
  return { exit: 'ok', document: event, text: (paint) => render(event, paint) }
}

function render(event: Event, paint: Paint): string {
  const { stages, error, headers, body, bodyBytes, ns, status } = event
  return [
    `${paint.strong(event.event ?? 'without an event')}  ${ns}  ${marked(status, paint)}`,
    ...factsOf(event).map((fact) => `  ${paint.faint(fact)}`),
    ...(stages ?? []).map((stage) => stageLine(stage, paint)),
    ...(error ? [`  ${paint.bad(error.code)}  ${error.message}`] : []),
    '',
    ...Object.entries(headers).map(([name, value]) => `${paint.faint(name)}: ${value}`),
    '',
    body ?? `${bodyBytes} bytes that are no text; --json has them as base64.`,
  ].join('\n')
}

const marked = (status: string, paint: Paint): string =>
  status === 'failed'
    ? paint.bad(status)
    : status === 'processed'
      ? paint.good(status)
      : paint.doubtful(status)

function factsOf({
  _id,
  createdAt,
  transactionId,
  orderingKey,
  attempts,
  round,
  duplicates,
  note,
  dueAt,
}: Event) {
  return [
    `${_id}, came at ${createdAt}`,
    ...(transactionId === null ? [] : [`transaction id ${transactionId}, came again ${duplicates} times`]),
    ...(orderingKey === null ? [] : [`in order with ${orderingKey}`]),
    `attempts ${attempts}${round === 0 ? '' : `, replay ${round}`}${dueAt === null ? '' : `, next at ${dueAt}`}`,
    ...(note === null ? [] : [note]),
  ]
}

function stageLine({ stage, status, durationMs, detail = {}, error }: Stage, paint: Paint): string {
  const time = durationMs === undefined ? '' : `${Math.round(durationMs)} ms`
  const said = [
    ...Object.entries(detail).map(
      ([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
    ),
    ...(error ? [`${error.code}: ${error.message}`] : []),
  ]
  return `  ${stage.padEnd(10)}${status.padEnd(9)}${time.padStart(6)}  ${paint.faint(said.join(', '))}`.trimEnd()
}
