import { parseAddress } from "../../lib/address.ts";

/** Whether other machines may reach an address: neither a unix socket nor a loopback port. */
export function isRemote(address: string): boolean {
	const parsed = parseAddress(address);
	return parsed?.kind !== "unix" && !(parsed?.kind === "tcp" && parsed.loopback);
}
