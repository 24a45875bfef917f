import { nearestName, type WebhookDefinition } from 'miniapp'
import type { Context } from '../context.ts'
import { findLiveInstall } from '../install/live-install.ts'
import { webhookOf } from './receiver.ts'

/**
 * Why nothing happened with an event, where its name is the reason: none was found, or it is none that the app names.
 * `undefined` where the name is known, and where the app is gone.
 */
export async function hintOf(
  context: Context,
  { workspaceId, ns, event }: { workspaceId: string; ns: string; event: string | null },
): Promise<string | undefined> {
  const live = await findLiveInstall(context, { workspaceId, ns })
  const webhook = live && webhookOf(live.compiled)
  if (live === undefined || webhook === undefined) return undefined
  if (event === null) return nothingFound(live.compiled.definition.webhook?.eventExtraction)
  if (webhook.knownEvents.has(event)) return undefined
  const near = nearestName(event, webhook.knownEvents)
  const meant = near === undefined ? '' : ` Did you mean \`${near}\`?`
  return `No trigger and no handler of "${ns}" is about \`${event}\`.${meant}`
}

type EventExtraction = NonNullable<WebhookDefinition['eventExtraction']>

function nothingFound(extraction: EventExtraction | undefined): string {
  if (extraction === undefined)
    return 'The definition does not say where the name of an event is (`eventExtraction`).'
  const { compositeStrategy, fallback } = extraction
  const parts = [...(compositeStrategy?.parts ?? [extraction]), ...(fallback ? [fallback] : [])]
  const places = parts.map(({ source, path }) => `\`${path}\` (${source})`).join(', ')
  return `No name of an event was found: it was looked for at ${places}.`
}
