import { rootNameOf } from '../expression/key.ts'
import { nearestName } from '../schema/nearest-name.ts'
import { listed, type Rule } from './rule.ts'

/** Every `[[key]]` is produced by a form field, `auth.config`, or the mapping of an auth request (1.2). */
export const credentialsAreProduced: Rule = ({ survey, scopes, requests, templates, report }) => {
  if (!survey.isIntact('/auth')) return
  const produced = scopes.installed.credentials
  const items = templates.filter(({ kind }) => kind === 'items')
  for (const { syntax, key, pointer } of [...requests, ...items].flatMap(
    ({ placeholders }) => placeholders,
  )) {
    const root = rootNameOf(key)
    if (syntax !== 'credential' || produced.has(key) || produced.has(root)) continue
    const near = nearestName(root, produced)
    const hint =
      near === undefined
        ? `produced are ${listed(produced)}. Add a form field, a key of \`auth.config\`, or a mapping of an auth request.`
        : `did you mean \`[[${near}]]\`?`
    report('unresolved-credential', pointer, `Nothing produces \`[[${key}]]\`; ${hint}`)
  }
}
