/**
 * Where a walk kills a server: at which moment of which request. Each point costs a start of the server, so tests take
 * each moment once, each at another request; with `KILL_POINTS=all` they take every pair.
 */
export function killPoints<Request extends object, Moment extends string>(
  requests: readonly Request[],
  moments: readonly Moment[],
): (Request & { when: Moment; index: number })[] {
  const isUsual = (index: number, moment: number) => index === moment % requests.length
  return requests.flatMap((request, index) =>
    moments
      .map((when, moment) => ({ point: { ...request, when, index }, usual: isUsual(index, moment) }))
      .filter(({ usual }) => usual || process.env['KILL_POINTS'] === 'all')
      .map(({ point }) => point),
  )
}
