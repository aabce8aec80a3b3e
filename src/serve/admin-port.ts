import { createAccess } from "../admin/access.ts";
import type { AdminDeps, AdminServer } from "../admin/http.ts";
import { FIXED_LIMITS } from "../config/limits.ts";
import type { Config } from "../config/types.ts";
import { bindWithMode, clearStaleSocket } from "../envoy/transport/unix-socket.ts";
import { parseAddress } from "../lib/address.ts";
import { parseCallerPattern } from "../lib/caller-pattern.ts";
import type { Clock } from "../lib/clock.ts";
import type { TlsMaterials } from "../lib/tls-material.ts";
import { watchAdminToken } from "./admin-tokens.ts";

export interface AdminPortDeps extends Omit<AdminDeps, "access" | "tls"> {
	readonly clock: Clock;
	/** Of `serve.admin_tls`. */
	readonly materials?: TlsMaterials;
}

/** Opens the admin port as configured; undefined when it is off. @throws PosternError */
export async function openAdminPort(
	{ serve }: Pick<Config, "serve">,
	deps: AdminPortDeps,
): Promise<AdminServer | undefined> {
	const address = parseAddress(serve.admin);
	if (address === undefined) return undefined;
	const { admin_auth: auth, admin_tls: tls } = serve;
	const read =
		auth.read_token_file === undefined
			? undefined
			: await watchAdminToken("read_token_file", auth.read_token_file, deps.log);
	const write =
		auth.write_token_file === undefined
			? undefined
			: await watchAdminToken("write_token_file", auth.write_token_file, deps.log);
	const { materials, clock, ...rest } = deps;
	const access = createAccess({
		tokens: { read: () => read?.current(), write: () => write?.current() },
		guarded: read !== undefined || tls.client_ca !== undefined,
		maxFailures: auth.max_failures,
		maxTotalFailures: auth.max_total_failures,
		maxAddresses: FIXED_LIMITS.admin_addresses.value,
		monotonic: clock.monotonic,
	});
	const clients = callerPatterns(tls.readers);
	// A worker has no admin port, and never loads what would answer there.
	const { startAdmin } = await import("../admin/http.ts");
	try {
		const server = await startAdmin(
			address,
			{
				...rest,
				access,
				...(materials === undefined
					? {}
					: { tls: { materials, ...(clients.length === 0 ? {} : { clients: { readers: clients } }) } }),
			},
			async (path, bind) => {
				await clearStaleSocket(path);
				await bindWithMode(path, socketMode({ serve }), bind);
			},
		);
		return {
			address: server.address,
			async stop() {
				read?.stop();
				write?.stop();
				await server.stop();
			},
		};
	} catch (thrown) {
		read?.stop();
		write?.stop();
		throw thrown;
	}
}

/** Patterns that the configuration has already been held to. */
export function callerPatterns(texts: readonly string[]) {
	return texts.map(parseCallerPattern).filter((pattern) => pattern !== undefined);
}

export function socketMode(config: Pick<Config, "serve">): number {
	return Number.parseInt(config.serve.socket_mode, 8);
}
