/** Kinds of columns: what is read, inserted and updated. */
import type { ColumnType } from 'kysely'

export type Timestamp = ColumnType<Date, Date | string, Date | string>
export type TimestampOrNow = ColumnType<Date, Date | string | undefined, Date | string>
export type TimestampOrNull = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>
export type BytesOrNull = ColumnType<Buffer | null, Uint8Array | null | undefined, Uint8Array | null>
export type Bytes = ColumnType<Buffer, Uint8Array, Uint8Array>
export type TextOrNull = ColumnType<string | null, string | null | undefined, string | null>
/** `jsonb`: parsed when read, JSON text when written. */
export type JsonText<Value> = ColumnType<Value, string, string>
