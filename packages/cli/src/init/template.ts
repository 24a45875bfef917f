import { readdir, readFile } from 'node:fs/promises'
import { findPackageJSON } from 'node:module'
import { dirname, join, sep } from 'node:path'

/** What a package can be begun from: `packages/cli/templates`, by the name of the folder. */
export const TEMPLATES = {
  'api-key': {
    summary: 'an API key in a form, two actions and a dropdown',
    ns: 'ticket-box',
    title: 'Ticket Box',
  },
  oauth: {
    summary: 'OAuth 2.0 with PKCE and refresh, two actions and a dropdown',
    ns: 'task-board',
    title: 'Task Board',
  },
  commerce: {
    summary: 'webhooks, triggers and sync of orders and customers',
    ns: 'cart-house',
    title: 'Cart House',
  },
  messaging: {
    summary: 'chained requests, signed events and a handshake',
    ns: 'chat-line',
    title: 'Chat Line',
  },
} as const satisfies Record<string, TemplateSummary>

interface TemplateSummary {
  summary: string
  /** Both stand in the template's files wherever those of the new package belong. */
  ns: string
  title: string
}

export type TemplateName = keyof typeof TEMPLATES

/** What a template calls its definition. */
export const TEMPLATE_DEFINITION = 'miniapp.jsonc'

/** Text of each file of a template by its path in the package, with `/`. */
export async function readTemplate(name: TemplateName): Promise<ReadonlyMap<string, string>> {
  const folder = join(packageFolder(), 'templates', name)
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map(async (path) => {
      const relative = path.slice(folder.length + 1).replaceAll(sep, '/')
      return [relative, await readFile(path, 'utf8')] as const
    })
  return new Map(await Promise.all(files))
}

/** Not by a path from this module: packed, it stands in a bundle. */
function packageFolder(): string {
  const manifest = findPackageJSON(import.meta.url)
  if (manifest === undefined) throw new Error('The command line does not lie in its package.')
  return dirname(manifest)
}
