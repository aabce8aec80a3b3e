import { PosternError } from "../../lib/errors.ts";
import { createInFlight, type InFlight } from "./in-flight.ts";
import { startLane } from "./lane/server.ts";
import { isRemote } from "./remote-address.ts";
import type { Transport, TransportDeps, TransportOptions } from "./types.ts";

type Kind = "grpc-js" | "lane";

type Start = typeof startLane;

const START: { readonly [kind in Kind]: Start } = {
	// Loaded where it is used: it is the larger part of what a process would load and keep.
	"grpc-js": async (...given) => (await import("./grpc-js/server.ts")).startGrpcJs(...given),
	lane: startLane,
};

/**
 * Serves both gRPC services, each address by the transport that is configured for it. All share one limit of calls.
 *
 * @throws PosternError `address_in_use`, `address_unusable`, `address_unsafe`: reachable from elsewhere, and no TLS.
 */
export async function startTransport(options: TransportOptions, deps: TransportDeps): Promise<Transport> {
	const calls = createInFlight(options.maxInFlight, deps);
	for (const address of options.addresses) {
		if (options.tls === undefined && isRemote(address))
			throw new PosternError("address_unsafe", `${address} would be open to other machines without TLS`);
	}
	const kinds = options.addresses.map((address) => kindFor(address, options));
	const [first, ...others] = [...new Set(kinds)].map((kind) => ({
		kind,
		addresses: options.addresses.filter((_, index) => kinds[index] === kind),
	}));
	if (first === undefined || others.length === 0)
		return START[first?.kind ?? "lane"]({ ...options, addresses: first?.addresses ?? [] }, deps, calls);
	const started: { readonly kind: Kind; readonly transport: Transport }[] = [];
	try {
		for (const { kind, addresses } of [first, ...others])
			started.push({ kind, transport: await START[kind]({ ...options, addresses }, deps, calls) });
	} catch (error) {
		await Promise.all(started.map(({ transport }) => transport.drain(0)));
		throw error;
	}
	return together(kinds, started, calls);
}

/** `auto`: the lane wherever no TLS is needed, which is where nobody but this machine can listen in. */
function kindFor(address: string, { transport = "auto" }: TransportOptions): Kind {
	if (transport !== "auto") return transport;
	return isRemote(address) ? "grpc-js" : "lane";
}

function together(
	kinds: readonly Kind[],
	started: readonly { readonly kind: Kind; readonly transport: Transport }[],
	calls: InFlight,
): Transport {
	const left = new Map(started.map(({ kind, transport }) => [kind, [...transport.addresses]]));
	return {
		addresses: kinds.map((kind) => left.get(kind)?.shift() ?? ""),
		health: {
			setServing(serving) {
				for (const { transport } of started) transport.health.setServing(serving);
			},
		},
		inFlight: calls.total,
		async drain(deadlineMs) {
			await Promise.all(started.map(({ transport }) => transport.drain(deadlineMs)));
		},
	};
}
