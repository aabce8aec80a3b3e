import { readFileSync } from "node:fs";
import { readProbeCalls } from "../config/probe-calls.ts";
import type { ProbeCall } from "../config/probe-types.ts";
import { formatAddress, parseAddress } from "../lib/address.ts";
import { systemClock } from "../lib/clock.ts";
import { errorMessage } from "../lib/error-message.ts";
import { PosternError } from "../lib/errors.ts";
import { type ProbeOptions, type ProbeResult, probe } from "../serve/probe.ts";
import type { Command, CommandIo } from "./command.ts";
import { noPositionals, parseFlags } from "./flags.ts";
import { paintFor } from "./terminal.ts";

const DEFAULT_ADDRESS = "127.0.0.1:9191";
const DEFAULT_TIMEOUT_SECONDS = 5;
const MAX_TIMEOUT_SECONDS = 300;

const HELP = `Usage: postern probe [options]

Asks a running Postern as Envoy would: gRPC health first, then the calls that are given, each with what must come of
it. Without calls it asks for health alone. Nothing is stored, but each call is in Postern's audit log.

  --address ADDRESS  127.0.0.1:9191 (the default), postern.security.svc:9191 or unix:///run/postern/grpc.sock
  --tls-ca FILE      TLS, and the authorities that may have issued Postern's certificate, PEM
  --tls-cert FILE    certificate to show, PEM; with --tls-key
  --tls-key FILE     its private key, PEM
  --tls-name NAME    name that Postern's certificate must carry; default: the host of the address
  --calls FILE       calls, YAML or JSON:
                       calls:
                       - { path: /cards/7, headers: { authorization: Bearer … }, expect: allow,
                           answer: { body: { id: 7, notes: x }, shown: { id: 7 } } }
                       - { method: DELETE, path: /cards/7, expect: deny, status: 403 }
                     Further keys of a call: name, host, principal, context. An answer's body and what is shown of it
                     are compared to the byte; other values than texts are written as JSON without spaces
  --allow CALL       one call that must be allowed, as "GET /path"; may be repeated
  --deny CALL        one call that must be denied; may be repeated
  --health-only      leave all calls out
  --timeout SECONDS  for each call; ${DEFAULT_TIMEOUT_SECONDS} unless given, at most ${MAX_TIMEOUT_SECONDS}
  --json             one JSON object: {"ok", "address", "results"}

Exit codes: 0 all as expected, 1 something else, or nothing answers, 2 usage, 3 a file cannot be read.
`;

export const probeCommand: Command = {
	name: "probe",
	summary: "ask a running Postern for health, a decision and a masked answer",
	help: HELP,
	run: async (argv, io) => {
		const { values, positionals } = parseFlags("probe", argv, {
			address: { type: "string" },
			"tls-ca": { type: "string" },
			"tls-cert": { type: "string" },
			"tls-key": { type: "string" },
			"tls-name": { type: "string" },
			calls: { type: "string" },
			allow: { type: "string", multiple: true },
			deny: { type: "string", multiple: true },
			"health-only": { type: "boolean" },
			timeout: { type: "string" },
			json: { type: "boolean" },
		});
		noPositionals("probe", positionals);
		const address = addressOf(values.address ?? DEFAULT_ADDRESS);
		const calls = [
			...(values.calls === undefined ? [] : readProbeCalls(values.calls)),
			...(values.allow ?? []).map((text) => shortCall("allow", text)),
			...(values.deny ?? []).map((text) => shortCall("deny", text)),
		];
		const tls = tlsOf(values["tls-ca"], values["tls-cert"], values["tls-key"], values["tls-name"]);
		const results = await probe(
			{
				address,
				...(tls === undefined ? {} : { tls }),
				timeoutMs: timeoutOf(values.timeout) * 1000,
				calls: values["health-only"] === true ? [] : calls,
			},
			systemClock,
		);
		const ok = results.every((result) => result.ok);
		if (values.json === true) io.stdout.write(`${JSON.stringify({ ok, address, results })}\n`);
		else tell(results, address, io);
		return ok ? 0 : 1;
	},
};

function addressOf(text: string): string {
	const address = parseAddress(text);
	if (address === undefined) throw usage(`${JSON.stringify(text)} is no HOST:PORT and no unix:///path`);
	return formatAddress(address);
}

function timeoutOf(text: string | undefined): number {
	if (text === undefined) return DEFAULT_TIMEOUT_SECONDS;
	const seconds = /^[0-9]+(?:\.[0-9]+)?$/.test(text) ? Number(text) : 0;
	if (seconds > 0 && seconds <= MAX_TIMEOUT_SECONDS) return seconds;
	throw usage(`--timeout is a number of seconds above 0, at most ${MAX_TIMEOUT_SECONDS}`);
}

function shortCall(expect: "allow" | "deny", text: string): ProbeCall {
	const [, method, path] = /^([A-Z]+) (\/\S*)$/.exec(text) ?? [];
	if (method === undefined || path === undefined) {
		throw usage(`--${expect} takes a method and a path, such as "GET /cards/7"`);
	}
	const name = `${expect} ${text}`;
	return { name, method, path, host: "postern.test", headers: {}, principal: "", context: {}, expect };
}

function tlsOf(
	ca: string | undefined,
	certificate: string | undefined,
	key: string | undefined,
	name: string | undefined,
): ProbeOptions["tls"] {
	if ((certificate === undefined) !== (key === undefined))
		throw usage("--tls-cert and --tls-key go together");
	if (ca === undefined && certificate === undefined && name === undefined) return undefined;
	return {
		...(ca === undefined ? {} : { ca: read(ca) }),
		...(certificate === undefined ? {} : { certificate: read(certificate) }),
		...(key === undefined ? {} : { key: read(key) }),
		...(name === undefined ? {} : { name }),
	};
}

function read(path: string): Buffer {
	try {
		return readFileSync(path);
	} catch (thrown) {
		throw new PosternError("file_unreadable", errorMessage(thrown), { cause: thrown });
	}
}

function usage(message: string): PosternError {
	return new PosternError("usage", `probe: ${message}; \`postern probe --help\` tells more`);
}

function tell(results: readonly ProbeResult[], address: string, { stdout }: CommandIo): void {
	const paint = paintFor(stdout);
	const width = Math.max(...results.map(({ name }) => name.length));
	for (const { ok, name, message, milliseconds } of results) {
		const mark = ok ? "ok  " : paint("red", "FAIL");
		stdout.write(`${mark}  ${name.padEnd(width)}  ${message} ${paint("dim", `(${milliseconds} ms)`)}\n`);
	}
	const good = results.filter(({ ok }) => ok).length;
	stdout.write(`${good} of ${results.length} as expected at ${address}\n`);
}
