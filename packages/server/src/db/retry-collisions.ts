import { isSerializationFailure } from './error.ts'

/** Two transactions in each other's way let one of them through: that many times in a row is no coincidence. */
const MAX_COLLISIONS = 5

/** Runs a transaction again from its start where another one was in its way. */
export async function retryCollisions<T>(transaction: () => Promise<T>, collisions = 0): Promise<T> {
  try {
    return await transaction()
  } catch (error) {
    if (!isSerializationFailure(error) || collisions === MAX_COLLISIONS) throw error
    return retryCollisions(transaction, collisions + 1)
  }
}
