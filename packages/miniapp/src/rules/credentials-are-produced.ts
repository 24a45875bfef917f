import { rootNameOf } from '../expression/key.ts'
import { nearestName } from '../schema/nearest-name.ts'
import { nameWithin } from './placeholder-reason.ts'
import { listed, type Rule } from './rule.ts'
import type { Scope } from './scopes.ts'

/** Every `[[key]]` is produced by a form field, `auth.config`, or the mapping of an auth request (1.2). */
export const credentialsAreProduced: Rule = ({ survey, scopes, requests, templates, report }) => {
  if (!survey.isIntact('/auth')) return
  const produced = scopes.installed.credentials
  const items = templates.filter(({ kind }) => kind === 'items')
  for (const { placeholders, scope } of [...requests, ...items]) {
    for (const { syntax, key, pointer } of placeholders) {
      const root = rootNameOf(key)
      if (syntax !== 'credential' || produced.has(key) || produced.has(root)) continue
      report(
        'unresolved-credential',
        pointer,
        `Nothing produces \`[[${key}]]\`; ${remedy(key, produced, scope)}`,
      )
    }
  }
}

function remedy(key: string, produced: ReadonlySet<string>, { places }: Scope): string {
  const root = rootNameOf(key)
  const place = places.find(({ names }) => names.has(root))
  if (place !== undefined) return `\`${root}\` is among the ${place.label}, write \`{{${key}}}\`.`
  const near = nameWithin(key, produced) ?? nearestName(root, produced)
  return near === undefined
    ? `produced are ${listed(produced)}. Add a form field, a key of \`auth.config\`, or a mapping of an auth request.`
    : `did you mean \`[[${near}]]\`?`
}
