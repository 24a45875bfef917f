/**
 * Precedence of versions by Semantic Versioning 2.0.0, section 11. Build metadata does not count.
 * @returns a negative number where `a` precedes `b`, 0 where they are equal in precedence
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)]
  for (const index of [0, 1, 2] as const) {
    const difference = left.numbers[index] - right.numbers[index]
    if (difference !== 0) return difference
  }
  return comparePreRelease(left.preRelease, right.preRelease)
}

/** The part whose change says "this breaks"; before 1.0.0 that is the minor number (section 4). */
export function breakingPart(version: string): string {
  const [major, minor] = parse(version).numbers
  return major === 0 ? `0.${minor}` : String(major)
}

function parse(version: string): { numbers: [number, number, number]; preRelease: string[] } {
  const [main = '', ...rest] = version.replace(/\+.*$/, '').split('-')
  const [major, minor, patch] = main.split('.').map(Number)
  return {
    numbers: [major ?? 0, minor ?? 0, patch ?? 0],
    preRelease: rest.length > 0 ? rest.join('-').split('.') : [],
  }
}

function comparePreRelease(a: string[], b: string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const [left, right] = [a[index], b[index]]
    if (left === undefined) return -1
    if (right === undefined) return 1
    const difference = compareIdentifiers(left, right)
    if (difference !== 0) return difference
  }
  return 0
}

function compareIdentifiers(a: string, b: string): number {
  const [aIsNumber, bIsNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (aIsNumber && bIsNumber) return Number(a) - Number(b)
  if (aIsNumber !== bIsNumber) return aIsNumber ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}
