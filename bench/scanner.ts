import process from "node:process";
import { pathToFileURL } from "node:url";
import { readDirective } from "../src/fields/directive.ts";
import { DECISION_RULES } from "../src/fields/directive-rules.ts";
import { createMasker } from "../src/fields/masker.ts";
import { compilePlan, DECISION_PLAN, type Plan } from "../src/fields/plan.ts";
import { type SampleUser, sampleUser } from "./sample-user.ts";
import type { BenchLine } from "./types.ts";

const MB = 1_048_576;
const CHUNK = 65_536;
/** Milliseconds of CPU of one measurement; the best of several counts. */
const SPAN = 80;
const ROUNDS = 6;
const FLAT_BYTES = 100 * MB;

const SIZES = [
	["1 KB", 1_024],
	["64 KB", 65_536],
	["1 MB", MB],
	["10 MB", 10 * MB],
] as const;
const LAYOUTS = ["minified", "pretty"] as const;
type Layout = (typeof LAYOUTS)[number];

const THREE = {
	mask: [
		{ select: "$[*].email", as: "redact" },
		{ select: "$[*].card.number", as: "redact" },
	],
	withhold: ["$[*].ssn"],
};
const MORE = [
	"name.first",
	"name.last",
	"phone",
	"address.street",
	"address.city",
	"address.zip",
	"card.exp",
];
/** By how many selectors they have. */
const DIRECTIVES: Readonly<Record<0 | 3 | 30, object>> = {
	0: {},
	3: THREE,
	30: {
		mask: [
			...THREE.mask,
			...MORE.map((path) => ({ select: `$[*].${path}`, as: "redact" })),
			// Members that are not there, as of a directive that is made for several kinds of answers.
			...Array.from({ length: 19 }, (_, at) => ({ select: `$[*].other${at}.value`, as: "redact" })),
		],
		withhold: [...THREE.withhold, "$[*].note"],
	},
};
const COUNTS = [0, 3, 30] as const;

interface User extends SampleUser {
	readonly created: string;
}

const user = (i: number): User => ({ ...sampleUser(i), created: `2026-01-0${1 + (i % 9)}T10:00:00Z` });

/** A list of users of about `size` bytes. */
function body(size: number, layout: Layout): Buffer {
	const users: User[] = [];
	for (let bytes = 2; bytes < size; ) {
		const one = user(users.length);
		users.push(one);
		bytes += Buffer.byteLength(print(one, layout)) + 1;
	}
	return Buffer.from(print(users, layout));
}

function print(value: unknown, layout: Layout): string {
	return layout === "pretty" ? JSON.stringify(value, undefined, 2) : JSON.stringify(value);
}

/** Parses, changes and prints; what the directive with so many selectors says, written by hand. */
function naive(bytes: Buffer, selectors: 0 | 3 | 30, layout: Layout): Buffer {
	const hidden = "[redacted]";
	const users = JSON.parse(bytes.toString("utf8")) as User[];
	if (selectors > 0)
		for (const one of users) {
			one.email = hidden;
			one.card.number = hidden;
			delete one.ssn;
			if (selectors === 3) continue;
			delete one.note;
			one.name.first = hidden;
			one.name.last = hidden;
			one.phone = hidden;
			one.address.street = hidden;
			one.address.city = hidden;
			one.address.zip = hidden;
			one.card.exp = hidden;
		}
	return Buffer.from(print(users, layout));
}

function scan(plan: Plan, bytes: Buffer): Buffer {
	const masker = createMasker(plan, "json", {});
	const out: Uint8Array[] = [];
	for (let at = 0; at < bytes.length; at += CHUNK) {
		const refusal = masker.write(bytes.subarray(at, at + CHUNK), out);
		if (refusal !== undefined) throw new Error(refusal);
	}
	const refusal = masker.end(out);
	if (refusal !== undefined) throw new Error(refusal);
	masker.report();
	return Buffer.concat(out);
}

/** MB of input per second of CPU, each way's best of several turns taken one after the other so that both meet the same noise. */
function race(bytes: Buffer, ways: readonly ((bytes: Buffer) => Buffer)[]): number[] {
	const best = ways.map(() => 0);
	const step = Math.max(1, Math.floor(200_000 / bytes.length));
	for (let round = 0; round <= ROUNDS; round++) {
		for (const [i, way] of ways.entries()) {
			const start = process.cpuUsage();
			let count = 0;
			let spent = 0;
			do {
				for (let k = 0; k < step; k++) way(bytes);
				count += step;
				const { user: own, system } = process.cpuUsage(start);
				spent = (own + system) / 1000;
			} while (spent < SPAN);
			if (round > 0) best[i] = Math.max(best[i]!, (bytes.length * count) / MB / (spent / 1000));
		}
	}
	return best;
}

/** Growth of the resident set, in MB, while a body of 100 MB goes through in pieces. */
function growth(plan: Plan): number {
	const piece = body(MB, "minified");
	const inner = piece.subarray(1, piece.length - 1);
	const masker = createMasker(plan, "json", {});
	const comma = Buffer.from(",");
	let base = 0;
	let most = 0;
	const write = (bytes: Uint8Array): void => {
		const out: Uint8Array[] = [];
		const refusal = masker.write(bytes, out);
		if (refusal !== undefined) throw new Error(refusal);
	};
	write(Buffer.from("["));
	for (let sent = 0; sent < FLAT_BYTES; sent += inner.length) {
		if (sent > 0) write(comma);
		for (let at = 0; at < inner.length; at += CHUNK) write(inner.subarray(at, at + CHUNK));
		const { rss } = process.memoryUsage();
		// The first tenth warms up: code is compiled, the heap finds its size.
		if (sent < FLAT_BYTES / 10) base = rss;
		else most = Math.max(most, rss);
	}
	write(Buffer.from("]"));
	return Math.max(0, most - base) / MB;
}

function planOf(selectors: 0 | 3 | 30): Plan {
	const read = readDirective(DIRECTIVES[selectors], DECISION_RULES);
	if (!read.ok) throw new Error(read.message);
	return compilePlan(read.directive, DECISION_PLAN);
}

/** A megabyte without white space under three selectors, which the project's bar is about. */
export const megabyteLine = (): BenchLine => scannerLine("1 MB", "minified", 3, body(MB, "minified"));

function scannerLine(size: string, layout: Layout, selectors: 0 | 3 | 30, bytes: Buffer): BenchLine {
	const plan = planOf(selectors);
	const name = `${size} ${layout}, ${selectors} selectors`;
	const [mine, other] = [scan(plan, bytes), naive(bytes, selectors, layout)];
	// White space around what goes is free.
	if (JSON.stringify(JSON.parse(mine.toString())) !== JSON.stringify(JSON.parse(other.toString())))
		throw new Error(`${name}: the two ways disagree`);
	const [ours = 0, theirs = 0] = race(bytes, [(b) => scan(plan, b), (b) => naive(b, selectors, layout)]);
	return { name: `scanner, ${name}`, value: ours, unit: "MB/s", ratio: ours / theirs };
}

/** The scanner against parse–change–stringify, in one run. */
export async function scannerBench(): Promise<BenchLine[]> {
	const lines: BenchLine[] = [];
	for (const layout of LAYOUTS)
		for (const size of SIZES) {
			const bytes = body(size[1], layout);
			for (const selectors of COUNTS) lines.push(scannerLine(size[0], layout, selectors, bytes));
		}
	lines.push({ name: "scanner, growth of memory over 100 MB", value: growth(planOf(3)), unit: "MB" });
	return lines;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
	for (const { name, value, unit, ratio } of await scannerBench()) {
		process.stdout.write(
			`${name.padEnd(44)} ${value.toFixed(1).padStart(8)} ${unit}${ratio === undefined ? "" : `  × ${ratio.toFixed(2)}`}\n`,
		);
	}
}
