import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { AuditRecord, DecisionRecord, ReleaseRecord } from "../../src/audit/types.ts";

/** The records of one call. Neither is there when Postern was not asked. */
export interface CallRecords {
	readonly decision?: DecisionRecord;
	/** What the service got of the request's body. */
	readonly request?: ReleaseRecord;
	/** What the caller saw of the answer. */
	readonly release?: ReleaseRecord;
}

const WAIT_LIMIT_MS = 3000;
const POLL_MS = 10;

/** Reads an audit file that is being written: whole lines, each once. */
export function createAuditTail(file: string) {
	let seen = 0;

	function lines(): readonly string[] {
		return existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
	}

	function parse(text: readonly string[]): readonly AuditRecord[] {
		return text.map((line) => JSON.parse(line) as AuditRecord);
	}

	function find(records: readonly AuditRecord[]): CallRecords {
		const decision = records.find((record): record is DecisionRecord => record.type === "decision");
		const released = (direction: string) =>
			records.find(
				(record): record is ReleaseRecord => record.type === "release" && record.direction === direction,
			);
		const request = released("request");
		const release = released("response");
		return { ...(decision && { decision }), ...(request && { request }), ...(release && { release }) };
	}

	return {
		/** The records of the call that was just made, of which there should be `wanted`. */
		async next(wanted: number): Promise<CallRecords> {
			const until = performance.now() + WAIT_LIMIT_MS;
			for (;;) {
				const records = parse(lines().slice(seen));
				const found = find(records);
				if (records.length >= wanted || performance.now() > until) {
					seen += records.length;
					return found;
				}
				await sleep(POLL_MS);
			}
		},
		/** Everything so far. */
		all: () => parse(lines()),
		/** Everything so far, as it was written. */
		lines,
	};
}
