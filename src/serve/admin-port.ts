import { type AdminDeps, type AdminServer, startAdmin } from "../admin/http.ts";
import type { Config } from "../config/types.ts";
import { bindWithMode, clearStaleSocket } from "../envoy/transport/unix-socket.ts";
import { parseAddress } from "../lib/address.ts";

/**
 * The admin port of the configuration; undefined for `off`.
 *
 * @throws PosternError `address_in_use`, `address_unusable`
 */
export async function openAdminPort(
	config: Pick<Config, "serve">,
	deps: AdminDeps,
): Promise<AdminServer | undefined> {
	const address = parseAddress(config.serve.admin);
	if (address === undefined) return undefined;
	return startAdmin(address, deps, async (path, bind) => {
		await clearStaleSocket(path);
		await bindWithMode(path, socketMode(config), bind);
	});
}

export function socketMode(config: Pick<Config, "serve">): number {
	return Number.parseInt(config.serve.socket_mode, 8);
}
