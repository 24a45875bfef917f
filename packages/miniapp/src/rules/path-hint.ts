/** What other path languages write, and what is written here instead. The first that applies is told. */
const HABITS: readonly [RegExp, string | ((match: RegExpExecArray) => string)][] = [
  [/\{\{|\[\[/, 'Placeholders are not expanded in paths'],
  [/\[\]/, 'Every element of a list is `[*]`'],
  [
    /(\w+)\(\s*\)/,
    ([, name]) => `Paths do not call \`${name}()\`; a rule with \`transform\` or a function step does`,
  ],
  [/\[\?\(?[^@]*[^=!<>]=[^=]/, 'In a filter, equal is `==`, and the element is `@`: `[?@.status == "open"]`'],
  [/\[\?\(?@[^=!<>]*=[^=]/, 'In a filter, equal is `==`: `[?@.status == "open"]`'],
  [/\[\?(?!\(?\s*[@!$(])/, 'In a filter the element is `@`: `[?@.status == "open"]`'],
  [/\?\./, 'What is missing is no error here, so `?.` is written `.`'],
  [/\|/, 'Paths have no pipes; use a rule with `transform`'],
  [/^\$([A-Za-z_][\w.[\]]*)$/, ([, rest]) => `After \`$\` comes a dot: \`$.${rest}\``],
  [/^\.(\w.*)$/, ([, rest]) => `A path from the root starts with \`$\`: \`$.${rest}\``],
  [/\.(\d+)(?=[.[]|$)/, ([, index]) => `An element of a list is \`[${index}]\``],
  [/\.([A-Za-z_]\w*(?: +\w+)+)/, ([, name]) => `A name with blanks is quoted: \`$['${name}']\``],
  [/\[([A-Za-z_][\w ]*)\]/, ([, name]) => `A name in brackets is quoted: \`['${name}']\``],
]

/** A sentence for whoever wrote a path that does not parse; without one, how paths look. */
export function pathHint(path: string): string {
  for (const [pattern, says] of HABITS) {
    const match = pattern.exec(path)
    if (match) return `${typeof says === 'string' ? says : says(match)}.`
  }
  return 'Paths look like `$.data.items[0].id` or `price.amount`.'
}
