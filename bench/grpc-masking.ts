import process from "node:process";
import { pathToFileURL } from "node:url";
import { createMessageMasker } from "../src/envoy/protobuf/mask/message-masker.ts";
import { readDirective } from "../src/fields/directive.ts";
import { DECISION_RULES } from "../src/fields/directive-rules.ts";
import { createMasker } from "../src/fields/masker.ts";
import { compilePlan, DECISION_PLAN, type Plan } from "../src/fields/plan.ts";
import type { GrpcMessages } from "../src/fields/scan/grpc-messages.ts";
import { systemClock } from "../src/lib/clock.ts";
import { schemaOf } from "../test/support/descriptors.ts";
import { sampleUser } from "./sample-user.ts";
import type { BenchLine } from "./types.ts";

const MB = 1_048_576;
const CHUNK = 65_536;
const HEADER_BYTES = 5;
/** Milliseconds of one measurement; the best of several counts. */
const SPAN = 250;
const ROUNDS = 5;

const SCHEMA = schemaOf(`
	syntax = "proto3";
	package bench;
	message Name { string first = 1; string last = 2; }
	message Address { string street = 1; string city = 2; string zip = 3; string country = 4; repeated double geo = 5; }
	message Card { string number = 1; string exp = 2; string brand = 3; }
	message User {
		int64 id = 1; Name name = 2; string email = 3; string ssn = 4; string phone = 5; Address address = 6; Card card = 7;
		double balance = 8; bool active = 9; repeated string tags = 10; map<string, string> labels = 11; string note = 12;
		google.protobuf.Timestamp created = 13;
	}
	message Users { repeated User users = 1; }
`);
const USERS = SCHEMA.root.lookupType("bench.Users");
const DIRECTIVE = {
	mask: [
		{ select: "$.users[*].email", as: "redact" },
		{ select: "$.users[*].card.number", as: "redact" },
	],
	withhold: ["$.users[*].ssn"],
};

const user = (i: number): object => ({
	...sampleUser(i),
	labels: { team: `t${i % 40}`, tier: "gold" },
	created: { seconds: 1_767_225_600 + i, nanos: 5 },
});

function framed(message: Uint8Array): Buffer {
	const header = Buffer.alloc(HEADER_BYTES);
	header.writeUInt32BE(message.length, 1);
	return Buffer.concat([header, message]);
}

/** One message with users of about `size` bytes, in its frame. */
function body(size: number): Buffer {
	const users: object[] = [];
	const one = USERS.encode(USERS.fromObject({ users: [user(1)] })).finish().length;
	while (users.length * one < size) users.push(user(users.length));
	return framed(USERS.encode(USERS.fromObject({ users })).finish());
}

interface Users {
	readonly users: { email: string; ssn?: string; card: { number: string } }[];
}

/** What a service in front would do: decode, change, encode. */
function naive(bytes: Buffer): Buffer {
	const message = USERS.decode(bytes.subarray(HEADER_BYTES)) as unknown as Users;
	for (const one of message.users) {
		one.email = "[redacted]";
		one.card.number = "[redacted]";
		delete one.ssn;
	}
	return framed(USERS.encode(message as object).finish());
}

function scan(plan: Plan, grpc: GrpcMessages, bytes: Buffer): Buffer {
	const masker = createMasker(plan, "grpc", {}, grpc);
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

/** MB/s of each way, best of several turns taken one after the other so that both meet the same noise. */
function race(bytes: Buffer, ways: readonly ((bytes: Buffer) => Buffer)[]): number[] {
	const best = ways.map(() => 0);
	for (let round = 0; round <= ROUNDS; round++) {
		for (const [i, way] of ways.entries()) {
			const step = Math.max(1, Math.floor(200_000 / bytes.length));
			const start = systemClock.monotonic();
			let count = 0;
			let spent = 0;
			do {
				for (let k = 0; k < step; k++) way(bytes);
				count += step;
				spent = systemClock.monotonic() - start;
			} while (spent < SPAN);
			if (round > 0) best[i] = Math.max(best[i] as number, (bytes.length * count) / MB / (spent / 1000));
		}
	}
	return best;
}

/** Masking gRPC messages against decode–change–encode by protobufjs, in one run. */
export async function grpcMaskingBench(): Promise<BenchLine[]> {
	const read = readDirective(DIRECTIVE, DECISION_RULES);
	if (!read.ok) throw new Error(read.message);
	const plan = compilePlan(read.directive, DECISION_PLAN);
	const type = SCHEMA.descriptors.messages.get("bench.Users");
	if (type === undefined) throw new Error("no such type");
	const grpc: GrpcMessages = {
		masker: (context) => createMessageMasker(SCHEMA.descriptors, type, context),
		json: () => "malformed",
		maxMessageBytes: 4 * MB,
	};
	const lines: BenchLine[] = [];
	for (const [name, size] of [
		["1 KB", 1_024],
		["64 KB", 65_536],
		["1 MB", MB],
	] as const) {
		const bytes = body(size);
		if (!scan(plan, grpc, bytes).equals(naive(bytes))) throw new Error(`${name}: the two ways disagree`);
		const [ours = 0, theirs = 0] = race(bytes, [(b) => scan(plan, grpc, b), naive]);
		lines.push({ name: `gRPC masking, ${name}`, value: ours, unit: "MB/s", ratio: ours / theirs });
		lines.push({ name: `decode, change, encode, ${name}`, value: theirs, unit: "MB/s" });
	}
	return lines;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
	for (const { name, value, unit, ratio } of await grpcMaskingBench()) {
		process.stdout.write(
			`${name.padEnd(44)} ${value.toFixed(1).padStart(8)} ${unit}${ratio === undefined ? "" : `  × ${ratio.toFixed(2)}`}\n`,
		);
	}
}
