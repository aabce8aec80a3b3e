import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { KeyPair } from "./envoy/certificates.ts";
import { freePorts } from "./envoy/free-ports.ts";

/** An OpenBao of its own with a PKI that issues short-lived certificates. */
export interface OpenBao {
	/** The authority's certificate, PEM. */
	readonly authority: string;
	/** Issues by the role `server` (DNS names) or `client` (URIs). */
	issue(role: "server" | "client", names: Readonly<Record<string, string>>): Promise<KeyPair>;
	stop(): Promise<void>;
}

const TOKEN = "test-root";

/** Starts `bao` from the PATH in its development mode, on loopback, with everything in memory. */
export async function startOpenBao(): Promise<OpenBao> {
	const [port = 0] = await freePorts(1);
	const child: ChildProcess = spawn(
		"bao",
		[
			"server",
			"-dev",
			"-dev-no-store-token",
			`-dev-root-token-id=${TOKEN}`,
			`-dev-listen-address=127.0.0.1:${port}`,
		],
		{ stdio: "ignore" },
	);
	let failed: Error | undefined;
	child.once("error", (error) => {
		failed = error;
	});
	async function call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
		const response = await fetch(`http://127.0.0.1:${port}/v1/${path}`, {
			method,
			headers: { "x-vault-token": TOKEN },
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
		});
		const text = await response.text();
		if (!response.ok) throw new Error(`OpenBao answers ${response.status} to ${path}: ${text}`);
		return text === "" ? {} : (JSON.parse(text) as { data: Record<string, unknown> }).data;
	}
	for (let attempt = 0; ; attempt++) {
		if (failed !== undefined) throw failed;
		const up = await call("GET", "sys/mounts").catch(() => undefined);
		if (up !== undefined) break;
		if (attempt > 600) throw new Error("OpenBao did not start");
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	await call("POST", "sys/mounts/pki", { type: "pki", config: { max_lease_ttl: "24h" } });
	const root = await call("POST", "pki/root/generate/internal", {
		common_name: "Test mesh",
		key_type: "ec",
		key_bits: 256,
		ttl: "24h",
	});
	const role = {
		key_type: "ec",
		key_bits: 256,
		max_ttl: "1h",
		require_cn: false,
		use_csr_common_name: false,
	};
	await call("POST", "pki/roles/server", {
		...role,
		allowed_domains: "postern",
		allow_bare_domains: true,
		enforce_hostnames: false,
		client_flag: false,
	});
	await call("POST", "pki/roles/client", {
		...role,
		allow_any_name: true,
		allowed_uri_sans: "spiffe://mesh/*",
		server_flag: false,
	});
	return {
		authority: String(root["certificate"]),
		async issue(name, names) {
			const issued = await call("POST", `pki/issue/${name}`, { ttl: "5m", ...names });
			return { certificate: String(issued["certificate"]), key: String(issued["private_key"]) };
		},
		async stop() {
			const ended = once(child, "exit");
			child.kill("SIGTERM");
			await ended;
		},
	};
}
