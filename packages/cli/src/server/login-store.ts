import { homedir } from 'node:os'
import { join } from 'node:path'
import { readPrivateJson, writePrivateJson } from '../private-file.ts'

/** What signing in at one server left. */
export interface Login {
  accessToken: string
  workspace: { id: string; subdomain: string; name: string }
  /** ISO 8601. */
  signedInAt: string
}

export interface LoginFile {
  /** Address of the server that commands mean where none is named. */
  current?: string
  /** By address of the API. */
  servers: Record<string, Login>
}

/** `$XDG_CONFIG_HOME/miniapps/config.json`, by default under `~/.config`. */
export function loginFile(env: NodeJS.ProcessEnv): string {
  const base = env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config')
  return join(base, 'miniapps', 'config.json')
}

/** @throws CliError where the file cannot be read */
export async function readLogins(env: NodeJS.ProcessEnv): Promise<LoginFile> {
  const { current, servers } = (await readPrivateJson(loginFile(env))) ?? {}
  return {
    ...(typeof current === 'string' && { current }),
    servers: typeof servers === 'object' && servers !== null ? (servers as Record<string, Login>) : {},
  }
}

/** @throws CliError where the file cannot be written */
export async function writeLogins(env: NodeJS.ProcessEnv, logins: LoginFile): Promise<void> {
  await writePrivateJson(loginFile(env), logins)
}
