import type { HeaderField } from "../header-field.ts";

/** Entries that came last, in a ring (RFC 7541, section 2.3.2). */
export interface DynamicTable {
	readonly ring: (HeaderField | undefined)[];
	/** Where the next entry goes. */
	next: number;
	count: number;
	/** Sum of the entries' sizes, each 32 octets more than its texts (section 4.1). */
	size: number;
	/** As the peer has set it last. */
	maxSize: number;
	/** Most that the peer may set: our SETTINGS_HEADER_TABLE_SIZE. */
	readonly limit: number;
}

const ENTRY_OVERHEAD = 32;

export function createDynamicTable(limit: number): DynamicTable {
	const most = Math.max(1, Math.floor(limit / ENTRY_OVERHEAD));
	const ring = new Array<HeaderField | undefined>(2 ** Math.ceil(Math.log2(most))).fill(undefined);
	return { ring, next: 0, count: 0, size: 0, maxSize: limit, limit };
}

/** The entry that came `back` entries before the newest; undefined when there is none. */
export function entryAt(table: DynamicTable, back: number): HeaderField | undefined {
	if (back >= table.count) return undefined;
	return table.ring[(table.next - 1 - back) & (table.ring.length - 1)];
}

/** Adds an entry in front; the oldest make room. One larger than the table empties it and is not kept (section 4.4). */
export function addEntry(table: DynamicTable, field: HeaderField): void {
	evictTo(table, table.maxSize - field.size);
	if (field.size > table.maxSize) return;
	table.ring[table.next] = field;
	table.next = (table.next + 1) & (table.ring.length - 1);
	table.count++;
	table.size += field.size;
}

/** A size update; it must not be over the limit (section 6.3). */
export function resizeTable(table: DynamicTable, maxSize: number): void {
	table.maxSize = maxSize;
	evictTo(table, maxSize);
}

function evictTo(table: DynamicTable, size: number): void {
	while (table.count > 0 && table.size > size) {
		const oldest = (table.next - table.count) & (table.ring.length - 1);
		table.size -= table.ring[oldest]?.size ?? 0;
		table.ring[oldest] = undefined;
		table.count--;
	}
}
