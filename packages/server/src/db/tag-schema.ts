/** The tables of tags and of what carries them (10b section 4.2). */
import type { ColumnType } from 'kysely'
import type { TextOrNull, Timestamp } from './column.ts'

export interface TagTable {
  workspaceId: string
  id: string
  /** A content type such as `core:customer`, or `{service}:all`. */
  type: string
  name: string
  /** The name, folded for searching. */
  folded: string
  colorCode: TextOrNull
  parentId: TextOrNull
  /** From the root to the parent. */
  ancestors: ColumnType<string[], readonly string[], readonly string[]>
  /** The folded names from the root to the tag itself, each with a `/` behind it: a tree in the order in which it is shown. */
  order: string
  createdAt: Timestamp
}

/** A name by which apps know a tag: its own, one that it had, or that of a tag which was merged into it. */
export interface TagNameTable {
  workspaceId: string
  type: string
  name: string
  tagId: string
}

/** A customer or a record that carries a tag. */
export interface TaggedTable {
  workspaceId: string
  targetId: string
  tagId: string
  /** Of the target. */
  type: string
}

export interface TagTables {
  tag: TagTable
  tagName: TagNameTable
  tagged: TaggedTable
}

/** For `WORKSPACE_TABLES`. */
export const TAG_TABLES = { tag: true, tag_name: true, tagged: true } as const
