import { createHmac } from "node:crypto";
import { expect } from "@jest/globals";
import type { ProcessDeps } from "../../src/envoy/ext-proc/deps.ts";
import type { HashKey } from "../../src/envoy/ext-proc/plan-cache.ts";
import type { ProcessStream, Step } from "../../src/envoy/ext-proc/process-stream.ts";
import { createProcess } from "../../src/envoy/ext-proc/session.ts";
import { readResponse } from "./ext-proc-messages.ts";
import { processDeps } from "./process-deps.ts";

const hash: HashKey = {
	id: "k1",
	hmac: (message) => createHmac("sha256", "key").update(message).digest(),
};

/** A stream of its own, with everything that it leaves behind. */
export function openStream(changes: Partial<ProcessDeps> = {}) {
	const made = processDeps(changes, hash);
	return { ...made, stream: createProcess(made.deps).open() };
}

/** The answer's fields, or the code of the failure. */
export async function send(stream: ProcessStream, message: Uint8Array) {
	const step: Step = await stream.receive(message);
	return step.kind === "answer" ? readResponse(step.message) : { failed: step.code };
}

/** Status and reason of an answer that takes the place of another. */
// biome-ignore lint/suspicious/noExplicitAny: a decoded answer
export function replacement(answer: any): { status: number; reason: string } | undefined {
	const immediate = answer.immediate_response;
	if (immediate === undefined) return undefined;
	expect(JSON.parse(immediate.body.toString())).toMatchObject({ status: immediate.status.code });
	return { status: immediate.status.code, reason: immediate.details.replace(/^postern_/, "") };
}
