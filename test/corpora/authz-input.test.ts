import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { createCheckService } from "../../src/envoy/ext-authz/check-service.ts";
import { COMPAT, checkDeps, fakePolicy } from "../support/check-deps.ts";
import { corporaDir } from "../support/corpora.ts";
import { readAnswer } from "../support/ext-authz-messages.ts";

const folder = corporaDir();

interface Case {
	readonly name: string;
	readonly response?: { readonly dynamicMetadata?: { readonly input?: unknown } };
}

/** The comparer's own encoder of requests. */
interface Comparer {
	readonly Client: { readonly prototype: { encode(this: unknown, c: Case): Buffer } };
	loadRoot(folder: string, files: readonly string[]): unknown;
}

(folder === undefined ? test.skip : test)(
	"the policy sees the document that the peer's policy saw, case by case",
	() => {
		const home = join(folder as string, "ext-authz");
		process.env["DIFF_NODE_MODULES"] = join(import.meta.dirname, "../../node_modules");
		const { Client, loadRoot } = createRequire(import.meta.url)(join(home, "lib/pb.js")) as Comparer;
		const root = loadRoot(join(home, "protos"), ["envoy/service/auth/v3/external_auth.proto"]);
		const { cases } = JSON.parse(readFileSync(join(home, "cases/echo_input.json"), "utf8")) as {
			cases: Case[];
		};
		let input = "";
		const { check } = createCheckService(
			checkDeps(
				fakePolicy((document) => {
					input = document.toString();
					return { kind: "value", value: true };
				}),
				{ config: COMPAT },
			),
		);
		const different: string[] = [];
		let compared = 0;
		for (const one of cases) {
			const bytes = Client.prototype.encode.call({ root }, one);
			input = "";
			const answer = readAnswer(check(bytes, {}) as Buffer);
			const wanted = one.response?.dynamicMetadata?.input;
			if (wanted === undefined) {
				// Unreadable for the peer: denied by us, or (invalid UTF-8 behind an escape) read as U+FFFD.
				if (input === "") expect(answer.status?.code).toBe(7);
				continue;
			}
			compared++;
			if (input === "" || !sameJson(JSON.parse(input), wanted))
				different.push(`${one.name}: ${input.slice(0, 300)}`);
		}
		expect(different).toEqual([]);
		expect(compared).toBeGreaterThan(40);
	},
);

function sameJson(left: unknown, right: unknown): boolean {
	return sorted(left) === sorted(right);
}

function sorted(value: unknown): string {
	return JSON.stringify(value, (_key, each: unknown) => {
		if (typeof each !== "object" || each === null || Array.isArray(each)) return each;
		return Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)));
	});
}
