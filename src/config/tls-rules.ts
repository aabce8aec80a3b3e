import { parseAddress } from "../lib/address.ts";
import type { RuleFinding } from "./rule-finding.ts";
import type { Config, TlsFiles } from "./types.ts";

const FILES = ["certificate", "key", "client_ca"] as const;

/** Whether other machines may reach an address. Unix sockets and loopback ports stay plain, everything else carries TLS. */
export function isExposed(text: string): boolean {
	const address = parseAddress(text);
	return address?.kind === "tcp" && !address.loopback;
}

/** Whether everything is there that tells Envoys from strangers over TLS. */
export function tellsCallers({ tls, callers }: Config["serve"]): boolean {
	return FILES.every((name) => tls[name] !== undefined) && callers.length > 0;
}

/** What TLS and the admin port need of each other. */
export function brokenTlsRules({ serve }: Config): RuleFinding[] {
	const { tls, admin_tls, admin_auth } = serve;
	return [
		...pair("serve.tls", tls),
		...pair("serve.admin_tls", admin_tls),
		...exposedGrpc(serve),
		...unusedGrpc(serve),
		...exposedAdmin(serve),
		...adminClients(admin_tls),
		...sameToken(admin_auth),
	];
}

function pair(section: string, { certificate, key, client_ca }: TlsFiles): RuleFinding[] {
	if (certificate !== undefined && key === undefined)
		return [invalid(`${section}.certificate`, `needs ${section}.key`)];
	if (key !== undefined && certificate === undefined)
		return [invalid(`${section}.key`, `needs ${section}.certificate`)];
	if (client_ca !== undefined && certificate === undefined)
		return [invalid(`${section}.client_ca`, `needs ${section}.certificate and ${section}.key`)];
	return [];
}

/** Whoever reaches a gRPC port is Envoy to us: elsewhere than here only with a certificate, and by name. */
function exposedGrpc(serve: Config["serve"]): RuleFinding[] {
	const { tls, callers } = serve;
	if (tellsCallers(serve)) return [];
	const missing = [
		...FILES.filter((name) => tls[name] === undefined).map((name) => `serve.tls.${name}`),
		...(callers.length === 0 ? ["serve.callers"] : []),
	];
	return serve.grpc.flatMap((text, index): RuleFinding[] => {
		if (!isExposed(text)) return [];
		return [
			{
				code: "address_unsafe",
				key: `serve.grpc.${index}`,
				message: `whoever reaches this port is Envoy to Postern, so it needs mutual TLS: set ${missing.join(", ")}; or use a unix socket, or a loopback address beside Envoy`,
			},
		];
	});
}

/** Settings that look like protection and are none must not pass in silence. */
function unusedGrpc(serve: Config["serve"]): RuleFinding[] {
	const { tls, callers } = serve;
	const findings: RuleFinding[] = [];
	if (callers.length > 0 && tls.client_ca === undefined)
		findings.push(invalid("serve.callers", "needs serve.tls.client_ca: without it nobody's name is proved"));
	const set = FILES.find((name) => tls[name] !== undefined);
	if (set !== undefined && !serve.grpc.some(isExposed))
		findings.push(
			invalid(
				`serve.tls.${set}`,
				"no address of serve.grpc carries TLS: unix sockets and loopback ports stay plain; take serve.tls out, or listen elsewhere",
			),
		);
	return findings;
}

function exposedAdmin({ admin, admin_auth, admin_tls }: Config["serve"]): RuleFinding[] {
	if (admin === "off" || !isExposed(admin)) return [];
	if (admin_auth.read_token_file !== undefined || admin_tls.client_ca !== undefined) return [];
	return [
		{
			code: "address_unsafe",
			key: "serve.admin",
			message:
				"other machines can reach this port: set serve.admin_auth.read_token_file, or serve.admin_tls with client_ca and readers; or use a loopback address",
		},
	];
}

function adminClients({ client_ca, readers }: Config["serve"]["admin_tls"]): RuleFinding[] {
	if (client_ca !== undefined && readers.length === 0)
		return [invalid("serve.admin_tls.client_ca", "needs serve.admin_tls.readers: who of them may read")];
	if (client_ca === undefined && readers.length > 0)
		return [invalid("serve.admin_tls.readers", "needs serve.admin_tls.client_ca")];
	return [];
}

/** Separate rights need separate tokens. */
function sameToken({ read_token_file, write_token_file }: Config["serve"]["admin_auth"]): RuleFinding[] {
	if (write_token_file === undefined) return [];
	if (read_token_file === undefined)
		return [invalid("serve.admin_auth.write_token_file", "needs serve.admin_auth.read_token_file")];
	if (read_token_file !== write_token_file) return [];
	return [
		invalid(
			"serve.admin_auth.write_token_file",
			"must be another file than serve.admin_auth.read_token_file",
		),
	];
}

function invalid(key: string, message: string): RuleFinding {
	return { code: "config_invalid", key, message };
}
