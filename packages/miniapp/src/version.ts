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

/** What has to be raised: nothing, or one of the three numbers. */
export type Bump = 'major' | 'minor' | 'patch' | 'none'

/**
 * The lowest released version after `before` that says what a bump has to say. Before 1.0.0 a break raises the minor number
 * and anything else the last one (Semantic Versioning 2.0.0, section 4, as package managers read it). A pre-release
 * is followed by its own release where that says enough.
 */
export function requiredVersion(before: string, bump: Bump): string {
  if (bump === 'none') return before
  const { numbers, preRelease } = parse(before)
  const [major, minor, patch] = numbers
  const part = raisedPart(major, bump)
  const isPreRelease = preRelease.length > 0
  const candidates = {
    major: isPreRelease && minor === 0 && patch === 0 ? [major, 0, 0] : [major + 1, 0, 0],
    minor: isPreRelease && patch === 0 ? [major, minor, 0] : [major, minor + 1, 0],
    patch: [major, minor, isPreRelease ? patch : patch + 1],
  }
  return candidates[part].join('.')
}

/**
 * Whether a version says enough about how it differs from the one before. From a pre-release to the next one anything
 * may change (section 9).
 */
export function carriesBump(before: string, after: string, bump: Bump): boolean {
  if (bump === 'none' || compareVersions(after, before) <= 0) return bump === 'none'
  const [from, to] = [parse(before), parse(after)]
  if (from.preRelease.length > 0 && same(from.numbers, to.numbers)) return true
  const index = { major: 0, minor: 1, patch: 2 }[raisedPart(from.numbers[0], bump)]
  return !same(from.numbers.slice(0, index + 1), to.numbers.slice(0, index + 1)) || index === 2
}

function raisedPart(major: number, bump: Exclude<Bump, 'none'>): Exclude<Bump, 'none'> {
  if (major > 0) return bump
  return bump === 'major' ? 'minor' : 'patch'
}

function same(one: readonly number[], other: readonly number[]): boolean {
  return one.every((number, index) => number === other[index])
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
