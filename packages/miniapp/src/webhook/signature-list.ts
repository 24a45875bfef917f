/** `t=1,v1=a,v1=b`: the values of each label, in order. */
export function labelledValues(text: string): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>()
  for (const part of text.split(',')) {
    const at = part.indexOf('=')
    if (at < 0) continue
    const label = part.slice(0, at).trim()
    const value = part.slice(at + 1).trim()
    const known = values.get(label)
    if (known === undefined) values.set(label, [value])
    else known.push(value)
  }
  return values
}
