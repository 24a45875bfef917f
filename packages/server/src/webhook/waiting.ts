/** For statements on a table whose statistics are always behind: what leads the planner into an index all the same (ADR 34). */
import { sql } from 'kysely'

/** Of events that are due, now or later. No index but that of what is due can compare it, so none looks as good to the planner. */
export const isWaiting = sql<boolean>`(due_at is not null and (due_at is not null)::int = 1)`

/**
 * A limit that the planner does not see. It then takes for granted that a tenth of the rows is wanted, and reads them in the
 * order of an index, however few it believes there are; of a day that has no statistics yet it believes anything. Told the
 * number, it would sort all that it may find where it believes that to be less.
 */
export function unforeseen(limit: number) {
  return sql<number>`(select ${limit}::int)`
}
