import { type CompiledWebhook, compileWebhook } from 'miniapp/webhook'
import { CliError } from '../cli-error.ts'
import { type LoadedApp, type LocalApp, loadApp } from '../local/load-app.ts'

export type LoadedWebhook =
  | { ok: true; app: LocalApp; webhook: CompiledWebhook }
  | Extract<LoadedApp, { ok: false }>

/** A definition with its webhook, compiled. @throws CliError where it has none, or the file cannot be read */
export async function loadWebhook(argument: string, directory: string): Promise<LoadedWebhook> {
  const loaded = await loadApp(argument, directory)
  if (!loaded.ok) return loaded
  const { compiled } = loaded.app
  const webhook = compileWebhook(compiled.definition)
  if (webhook === undefined) {
    throw new CliError('usage', `"${compiled.ns}" takes no webhooks: its definition has no \`webhook\`.`)
  }
  return { ok: true, app: loaded.app, webhook }
}
