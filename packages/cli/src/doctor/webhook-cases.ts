/** The cases of an app's webhook on a server: what came, what was refused, and what became no record (specification 10.6). */
import type { Definition } from 'miniapp'
import { graphql, type Page } from '../server/graphql.ts'
import type { Case } from './diagnosis.ts'
import type { ServerPatient } from './server-cases.ts'

const EVENTS = `query ($ns: String, $status: String) {
  webhookEvents(ns: $ns, status: $status, first: 100) {
    data { _id createdAt event status stages error }
    pagination { hasNextPage endCursor }
  }
}`
const REJECTIONS = `query ($ns: String) {
  webhookRejections(ns: $ns, first: 100) { code count reason headerNames lastAt }
}`

interface LoggedEvent {
  _id: string
  createdAt: string
  event: string | null
  status: string
  stages: { stage: string; status: string; error?: { code: string; message: string } }[] | null
  error: { code: string; message: string } | null
}

interface Rejection {
  code: string
  count: number
  reason: string
  headerNames: string[]
  lastAt: string
}

const eventsOf = async ({ session, ns }: ServerPatient, status?: string) =>
  (await graphql<{ webhookEvents: Page<LoggedEvent> }>(session, EVENTS, { ns, status })).webhookEvents.data

/** What is done about a refusal, besides what its reason says. */
const NEXT_BY_CODE: Readonly<Record<string, readonly string[]>> = {
  'signature-differs': [
    'Compare the secret at the provider with the one that the reason names: it says which bag it came from.',
    "Where the secret is right, the body's bytes differ: something between the provider and the server wrote the body anew. The bytes as they came are what is signed.",
  ],
  'signature-malformed': [
    'Compare type, encoding and prefix of webhook.verification with what the provider sends.',
  ],
  'header-missing': [
    'Compare headerName with the headers that came, or set the secret at the provider: many sign only then.',
  ],
  'secret-not-found': ['Fill in the secret in the connect form, or give it to the app config.'],
  'secret-unusable': ['Copy the secret from the provider once more, whole.'],
  'timestamp-out-of-tolerance': ["Compare the server's clock with the true time."],
}

/** Deliveries that could not be verified. */
const signatures: Case<ServerPatient> = {
  name: 'signatures',
  async examine(patient) {
    if (!patient.definition?.webhook) return undefined
    const { session, ns } = patient
    const { webhookRejections: refused } = await graphql<{ webhookRejections: Rejection[] }>(
      session,
      REJECTIONS,
      { ns },
    )
    const [last] = refused
    if (last === undefined) return undefined
    const [accepted] = await eventsOf(patient)
    const isOver = accepted !== undefined && accepted.createdAt > last.lastAt
    const codes = [...new Map(refused.toReversed().map((one) => [one.code, one])).values()].toReversed()
    return {
      verdict: isOver ? 'doubtful' : 'broken',
      what: isOver
        ? 'Deliveries were refused, and later ones were not.'
        : 'The last deliveries were refused.',
      facts: codes.flatMap(({ code, reason, lastAt, headerNames }) => [
        `${code}, last at ${lastAt}: ${reason}`,
        `  with the headers ${headerNames.join(', ')}`,
      ]),
      next: codes.flatMap(({ code }) => NEXT_BY_CODE[code] ?? []),
    }
  },
}

/** A trigger that does not fire. */
const triggers: Case<ServerPatient> = {
  name: 'triggers',
  async examine(patient) {
    const { definition, session, ns } = patient
    const declared = (definition?.triggers ?? []).map(({ event }) => event)
    if (declared.length === 0 || !definition?.webhook) return undefined
    const events = await eventsOf(patient)
    if (events.length === 0) {
      return {
        verdict: 'doubtful',
        what: 'Nothing was delivered in the last 30 days.',
        facts: [],
        next: [
          `The provider has to send to ${session.server}/miniapps/${ns}/webhooks: look at the webhook there.`,
          'miniapps webhook send DEFINITION sends a sample in its place.',
        ],
      }
    }
    const counts = new Map<string | null, number>()
    for (const { event } of events) counts.set(event, (counts.get(event) ?? 0) + 1)
    const { silentTriggers } = await import('./silent-triggers.ts')
    return silentTriggers(
      declared,
      [...counts].map(([event, count]) => ({ event: event ?? undefined, count })),
    )
  },
}

/** Orders, customers and the like that are missing although their events came. */
const records: Case<ServerPatient> = {
  name: 'records',
  async examine(patient) {
    const { definition } = patient
    const handlers = definition?.sync?.webhooks?.handlers ?? {}
    if (!definition || Object.keys(handlers).length === 0) return undefined
    const failed = await eventsOf(patient, 'failed')
    const last = failed.find(({ stages }) => recordErrorOf(stages) !== undefined)
    if (last === undefined) return undefined
    const error = recordErrorOf(last.stages)
    return {
      verdict: 'broken',
      what: `${last.event} gave no record: ${error?.message}`,
      facts: [`event ${last._id}, at ${last.createdAt}`, ...handlerFacts(definition, last.event ?? '')],
      next: [
        `miniapps events show ${last._id} has the body: correct the paths of the mapping against it.`,
        `After that: miniapps events replay --ns ${patient.ns} --status failed`,
      ],
    }
  },
}

const recordErrorOf = (stages: LoggedEvent['stages']) =>
  stages?.find(({ stage, error }) => stage === 'record' && error !== undefined)?.error

function handlerFacts({ sync }: Definition, event: string): string[] {
  const handlers = (sync?.webhooks?.handlers ?? {}) as Record<string, Record<string, unknown>>
  const { recordType, resource, dataPath, mapping } = handlers[event] ?? {}
  const found = sync?.resources?.[String(resource)]
  const code = ((mapping ?? found?.apiMapping ?? {}) as Record<string, unknown>)['code']
  return [
    recordType === undefined ? `resource ${resource} (${found?.contentType})` : `recordType ${recordType}`,
    ...(dataPath === undefined ? [] : [`dataPath ${dataPath}`]),
    `mapping.code ${code === undefined ? 'is missing' : typeof code === 'string' ? code : JSON.stringify(code)}`,
  ]
}

export const WEBHOOK_CASES: readonly Case<ServerPatient>[] = [signatures, triggers, records]
