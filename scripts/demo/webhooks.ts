/** What the providers call back with: the webhooks that connecting registered, over HTTP, signed by the stand-ins. */
import { setTimeout as sleep } from 'node:timers/promises'
import { check, type Json, type Stage } from './stage.ts'

interface LoggedEvent {
  _id: string
  event: string
  status: string
  customerId: string | null
  stages: { stage: string; status: string; detail?: { triggers?: string[] } }[]
}

/** Milliseconds between two looks at the event log. */
const LOOK_AGAIN_MS = 100
/** Far more than a busy machine needs; a provider that never calls ends the walk. */
const PATIENCE_MS = 60_000

const EVENTS = `query ($ns: String, $event: String) {
  webhookEvents(ns: $ns, event: $event) { data { _id event status customerId stages } }
}`
const BODY = 'query ($id: String!) { webhookEvent(_id: $id) { body } }'
const CUSTOMER = `query ($id: String!) {
  customerDetail(_id: $id) { firstName primaryEmail state externalCodes }
}`

export const hearFromGithub = (stage: Stage): Promise<void> =>
  hearFrom(stage, { name: 'GitHub', ns: 'github', event: 'issues.opened', title: '$.issue.title' })

export const hearFromLinear = (stage: Stage): Promise<void> =>
  hearFrom(stage, { name: 'Linear', ns: 'linear', event: 'issue.created', title: '$.data.title' })

interface Expected {
  name: string
  ns: string
  event: string
  /** Where the body has the title of the issue that an action made. */
  title: '$.issue.title' | '$.data.title'
}

async function hearFrom(stage: Stage, { name, ns, event, title }: Expected): Promise<void> {
  const logged = await processedEvent(stage, ns, event)
  const { webhookEvent } = await stage.graphql<{ webhookEvent: { body: string } }>(BODY, { id: logged._id })
  const body = JSON.parse(webhookEvent.body) as Record<'issue' | 'data', Json | undefined>
  const issue = title === '$.issue.title' ? body.issue : body.data
  check(typeof issue?.['title'] === 'string', `the issue in what ${name} sent`, body)
  const { customerDetail: customer } = await stage.graphql<{ customerDetail: Json | null }>(CUSTOMER, {
    id: logged.customerId,
  })
  check(typeof customer?.['firstName'] === 'string', `the customer of ${event}`, customer)
  const fired = logged.stages.find(({ stage: one }) => one === 'triggers')?.detail?.triggers ?? []
  check(fired.join() === `miniapps:${ns}`, `the trigger miniapps:${ns}`, logged.stages)
  stage.say(`${name} called back`, [
    `event ${event}, verified and processed: "${issue['title']}"`,
    `stages: ${logged.stages.map((one) => `${one.stage} ${one.status}`).join(', ')}`,
    customer,
    `fired the trigger ${event} of ${fired.join()}`,
  ])
}

async function processedEvent(stage: Stage, ns: string, event: string): Promise<LoggedEvent> {
  const startedAt = Date.now()
  for (;;) {
    const { webhookEvents } = await stage.graphql<{ webhookEvents: { data: LoggedEvent[] } }>(EVENTS, {
      ns,
      event,
    })
    const [newest] = webhookEvents.data
    if (newest?.status === 'processed') return newest
    check(
      newest?.status !== 'failed' && Date.now() - startedAt < PATIENCE_MS,
      `the event ${event} of ${ns}, processed`,
      webhookEvents.data,
    )
    await sleep(LOOK_AGAIN_MS)
  }
}
