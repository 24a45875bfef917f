import { type CompiledDefinition, compileDefinition } from 'miniapp'
import { type CompiledWebhook, compileWebhook } from 'miniapp/webhook'
import { CliError } from '../cli-error.ts'
import { type LoadedApp, type LocalApp, loadApp } from '../local/load-app.ts'
import { readDefinitionThere } from '../server/read-definition.ts'
import { openSession, type ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'

/** An app whose deliveries are signed: of this machine, or of a server, which has no files beside it. */
export type SignedApp = Pick<LocalApp, 'compiled' | 'argument'> & Partial<Pick<LocalApp, 'source'>>

export type LoadedWebhook =
  | { ok: true; app: LocalApp; webhook: CompiledWebhook }
  | Extract<LoadedApp, { ok: false }>

/** A definition with its webhook, compiled. @throws CliError where it has none, or the file cannot be read */
export async function loadWebhook(argument: string, directory: string): Promise<LoadedWebhook> {
  const loaded = await loadApp(argument, directory)
  if (!loaded.ok) return loaded
  return { ok: true, app: loaded.app, webhook: webhookOf(loaded.app.compiled) }
}

/**
 * The same of an app on a server.
 *
 * @throws CliError where it has no webhook, or the server cannot be reached or refuses the request
 */
export async function loadWebhookThere(
  ns: string,
  options: ServerOptions,
  shell: Shell,
): Promise<{ app: SignedApp; webhook: CompiledWebhook }> {
  const compiled = compileDefinition(await readDefinitionThere(await openSession(shell, options), ns))
  return { app: { compiled, argument: ns }, webhook: webhookOf(compiled) }
}

function webhookOf({ definition, ns }: CompiledDefinition): CompiledWebhook {
  const webhook = compileWebhook(definition)
  if (webhook !== undefined) return webhook
  throw new CliError('usage', `"${ns}" takes no webhooks: its definition has no \`webhook\`.`)
}
