/** The cases of a definition's webhook on this machine: its secrets, and what its samples are read as. */
import { verificationKeys } from '../local/credential-names.ts'
import type { Case } from './diagnosis.ts'
import type { LocalPatient } from './local-cases.ts'

/** Where the secret that deliveries are verified with comes from. */
const verification: Case<LocalPatient> = {
  name: 'verification',
  examine({ app, given }) {
    const { definition } = app.compiled
    if (!definition.webhook) return undefined
    const keys = verificationKeys(definition)
    if (keys.length === 0) return undefined
    const bags = [
      ['the command line or the environment', given.credentials],
      ['credentials of the connection', given.stored?.credentials],
      ['auth.config', definition.auth.config],
    ] as const
    const origins = keys.map((key) => {
      const from = bags.find(([, bag]) => bag !== undefined && Object.hasOwn(bag, key) && bag[key] !== '')
      return { key, from: from?.[0] }
    })
    const missing = origins.filter(({ from }) => from === undefined).map(({ key }) => key)
    return {
      verdict: missing.length > 0 ? 'doubtful' : 'fine',
      what:
        missing.length > 0
          ? `Deliveries cannot be verified here: ${missing.join(', ')} has no value.`
          : 'Deliveries can be verified.',
      facts: origins.map(({ key, from }) => `\`${key}\` from ${from ?? 'nowhere'}`),
      next:
        missing.length > 0
          ? ['On a server the connect form, registration or the app config may give it.']
          : [],
    }
  },
}

/** A trigger that none of the samples fires. */
const triggers: Case<LocalPatient> = {
  name: 'triggers',
  async examine({ app, directory }) {
    const { definition } = app.compiled
    const declared = (definition.triggers ?? []).map(({ event }) => event)
    if (declared.length === 0) return undefined
    const [{ compileWebhook, parseBody }, { readSamples, ofSample }, { silentTriggers }] = await Promise.all([
      import('miniapp/webhook'),
      import('../webhook/read-delivery.ts'),
      import('./silent-triggers.ts'),
    ])
    const samples = await readSamples(app, directory)
    const webhook = compileWebhook(definition)
    if (samples.length === 0 || webhook === undefined) return undefined
    const counts = new Map<string | undefined, number>()
    for (const sample of samples) {
      const { headers, query, rawBody } = ofSample(sample)
      const parsed = parseBody({ headers, rawBody })
      const event = webhook.eventOf({ headers, query, body: parsed.ok ? parsed.body : undefined })
      counts.set(event, (counts.get(event) ?? 0) + 1)
    }
    return silentTriggers(
      declared,
      [...counts].map(([event, count]) => ({ event, count })),
    )
  },
}

export const LOCAL_WEBHOOK_CASES: readonly Case<LocalPatient>[] = [verification, triggers]
