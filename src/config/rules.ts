import { parseAddress } from "../lib/address.ts";
import { isUrl, remoteUrlProblem } from "../lib/remote-url.ts";
import type { RuleFinding } from "./rule-finding.ts";
import { brokenTlsRules, tellsCallers } from "./tls-rules.ts";
import type { Config } from "./types.ts";
import { endpoints } from "./worker-addresses.ts";

/** The rules between keys that no single key can hold. A configuration that breaks one does not start. */
export function brokenRules(config: Config): readonly RuleFinding[] {
	return [
		...brokenTlsRules(config),
		...callers(config),
		...ports(config),
		...workers(config),
		...memory(config),
		...keySet(config),
		...headers(config),
		...bodies(config),
	];
}

/**
 * Whether whoever calls is Envoy: it comes over a unix socket, or over mutual TLS by a listed name, or the operator has
 * said that the loopback ports are reached by Envoy alone.
 */
export function callersTrusted(config: Pick<Config, "serve">): boolean {
	const { grpc, trust_loopback } = config.serve;
	return grpc.every((text) => {
		const address = parseAddress(text);
		if (address?.kind === "tcp") return address.loopback ? trust_loopback : tellsCallers(config.serve);
		return address?.kind === "unix";
	});
}

/** Whoever reaches a gRPC port is Envoy to us: it may claim any principal, and use the hash as an oracle. */
function callers(config: Config): RuleFinding[] {
	const findings: RuleFinding[] = [];
	if (callersTrusted(config)) return findings;
	const remedy =
		"every process of the machine can reach a loopback port; listen on unix sockets only (serve.grpc: [unix:///…]) or by mutual TLS, or accept that with serve.trust_loopback: true";
	if (config.fields.hash_key_file !== undefined) {
		findings.push({
			code: "callers_untrusted",
			key: "fields.hash_key_file",
			message: `hash is refused: ${remedy}`,
		});
	}
	if (config.identity.mtls.enabled) {
		findings.push({
			code: "callers_untrusted",
			key: "identity.mtls.enabled",
			message: `mtls is refused: ${remedy}`,
		});
	}
	return findings;
}

function ports(config: Config): RuleFinding[] {
	const findings: RuleFinding[] = [];
	const seen = new Set<string>();
	const listed: [string, string][] = config.serve.grpc.map((text, index) => [`serve.grpc.${index}`, text]);
	if (config.serve.admin !== "off") listed.push(["serve.admin", config.serve.admin]);
	for (const [key, text] of listed) {
		const anyPort = text.endsWith(":0") && parseAddress(text)?.kind === "tcp";
		if (seen.has(text) && !anyPort)
			findings.push({ code: "config_invalid", key, message: "this address is used twice" });
		seen.add(text);
	}
	return findings;
}

/** Endpoints of workers are made from the addresses, and must not meet. */
function workers({ serve }: Config): RuleFinding[] {
	if (serve.workers === 0) return [];
	const taken = new Map<string, string>([[serve.admin, "serve.admin"]]);
	return serve.grpc.flatMap((text, index): RuleFinding[] => {
		const key = `serve.grpc.${index}`;
		for (const address of endpoints({ grpc: [text], workers: serve.workers })) {
			if (parseAddress(address) === undefined) {
				const message = `${serve.workers} workers need as many ports from here on`;
				return [{ code: "config_invalid", key, message }];
			}
			const other = address.endsWith(":0") ? undefined : taken.get(address);
			if (other !== undefined && other !== key) {
				const message = `one of the ${serve.workers} workers would listen on ${address}, as ${other} does`;
				return [{ code: "config_invalid", key, message }];
			}
			taken.set(address, key);
		}
		return [];
	});
}

function memory({ serve }: Config): RuleFinding[] {
	if (serve.lane.max_buffered_bytes >= serve.max_message_bytes) return [];
	return [
		{
			code: "config_invalid",
			key: "serve.lane.max_buffered_bytes",
			message: "must not be smaller than serve.max_message_bytes: no such message could be received",
		},
	];
}

function keySet(config: Config): RuleFinding[] {
	const jwt = config.identity.jwt;
	if (jwt === undefined) return [];
	const findings: RuleFinding[] = [];
	const problem = keySetLocationProblem(jwt.jwks);
	if (problem !== undefined)
		findings.push({ code: "config_invalid", key: "identity.jwt.jwks", message: problem });
	if (jwt.max_staleness_seconds < jwt.refresh_seconds) {
		findings.push({
			code: "config_invalid",
			key: "identity.jwt.max_staleness_seconds",
			message: "must not be shorter than refresh_seconds: keys would end between two reads",
		});
	}
	return findings;
}

/** A path is always good; a URL is so where nobody can change the key set on its way (RFC 7517, 9). */
function keySetLocationProblem(location: string): string | undefined {
	return isUrl(location) ? remoteUrlProblem(location) : undefined;
}

/** Without ext_proc nobody carries out what a decision says about bodies. */
function bodies(config: Config): RuleFinding[] {
	if (config.fields.enabled || !config.fields.request) return [];
	return [{ code: "config_invalid", key: "fields.request", message: "needs fields.enabled: true" }];
}

function headers(config: Config): RuleFinding[] {
	const { id, issuer } = config.identity.headers;
	if (id !== issuer || id === "off") return [];
	return [
		{
			code: "config_invalid",
			key: "identity.headers.issuer",
			message: "must differ from identity.headers.id",
		},
	];
}
