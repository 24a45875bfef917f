/** Names longer than this are not compared: the distance is quadratic, and nobody mistypes a novel. */
const MAX_COMPARED_CHARACTERS = 64
/** Characters by which two names of the same words may differ: `_` and `-` between them. */
const MAX_JOINING_CHARACTERS = 5
/** Names compared with one typed name: a document of ten thousand names and as many mistakes must still be answered. */
const MAX_COMPARED_NAMES = 100

/**
 * The known name that a mistyped one most likely stands for, or `undefined` where none is near.
 * Near: equal apart from case, `_` and `-`; or at most one edit for every three characters (at most three).
 */
export function nearestName(typed: string, known: Iterable<string>): string | undefined {
  if (typed.length > MAX_COMPARED_CHARACTERS) return undefined
  const plain = plainForm(typed)
  const tolerated = Math.min(3, Math.floor(typed.length / 3))
  let best: string | undefined
  let bestDistance = tolerated + 1
  let compared = 0
  for (const name of known) {
    compared += 1
    if (compared > MAX_COMPARED_NAMES) break
    if (Math.abs(name.length - typed.length) > Math.max(tolerated, MAX_JOINING_CHARACTERS)) continue
    const distance = plainForm(name) === plain ? 0 : editDistance(typed.toLowerCase(), name.toLowerCase())
    if (distance < bestDistance) {
      best = name
      bestDistance = distance
    }
  }
  return best
}

/** Equal apart from case, `_` and `-`. */
export function samePlainName(left: string, right: string): boolean {
  return plainForm(left) === plainForm(right)
}

function plainForm(name: string): string {
  return name.toLowerCase().replaceAll(/[_\-\s]/g, '')
}

/** Optimal string alignment: insert, delete, replace, swap two neighbours. */
function editDistance(left: string, right: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: right.length + 1 }, (_, column) => column)
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= right.length; column += 1) {
      const replaced = (last[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1)
      let cost = Math.min(replaced, (last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1)
      if (
        row > 1 &&
        column > 1 &&
        left[row - 1] === right[column - 2] &&
        left[row - 2] === right[column - 1]
      ) {
        cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1)
      }
      current.push(cost)
    }
    beforeLast = last
    last = current
  }
  return last[right.length] ?? 0
}
