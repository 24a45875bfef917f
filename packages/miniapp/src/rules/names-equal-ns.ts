import type { Rule } from './rule.ts'

/** `name` and `type` are usually the `ns` (1.1): where they differ, it is mostly a copy that was not finished. */
export const namesEqualNs: Rule = ({ survey, report }) => {
  const { ns } = survey
  if (ns === undefined) return
  for (const name of ['name', 'type']) {
    const value = survey.text(name)
    if (value !== undefined && value !== ns) {
      report(
        'name-differs-from-ns',
        `/${name}`,
        `\`${name}\` is \`${value}\` and \`ns\` is \`${ns}\`; they are usually equal.`,
      )
    }
  }
}
