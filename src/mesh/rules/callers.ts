import type { MeshCode } from "../codes.ts";
import { DOWNSTREAM_TLS } from "../messages.ts";
import type { PosternChain } from "../postern-chain.ts";
import { fieldOf, truthAt } from "../read-node.ts";
import { extensionOf } from "../typed.ts";
import type { Tell } from "../types.ts";
import { trustOf } from "./trust.ts";

/** Whether callers may show certificates. */
export function asksCertificates({ filterChain }: PosternChain): boolean {
	const socket = extensionOf(fieldOf(filterChain, "transport_socket")?.value);
	if (socket?.type !== DOWNSTREAM_TLS) return false;
	const trust = trustOf(socket.config);
	return trust.any || truthAt(socket.config, "require_client_certificate") === true;
}

/** The certificates of callers. */
export function checkCallers({ filterChain }: PosternChain, tell: Tell<MeshCode>): void {
	const entry = fieldOf(filterChain, "transport_socket");
	const socket = extensionOf(entry?.value);
	if (entry === undefined || socket?.type !== DOWNSTREAM_TLS) return;
	const trust = trustOf(socket.config);
	for (const at of trust.untrusted) tell("edge_certificates_untrusted", at);
	const requires = fieldOf(socket.config, "require_client_certificate");
	if (
		truthAt(socket.config, "require_client_certificate") === true &&
		!trust.verified &&
		trust.untrusted.length === 0
	) {
		tell("edge_certificates_unverified", requires?.place ?? entry.place);
	}
}
