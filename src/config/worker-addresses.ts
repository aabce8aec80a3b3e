import { formatAddress, parseAddress } from "../lib/address.ts";

/**
 * Where worker `number`, counted from 1, listens in the place of an address of the configuration: a socket gets the
 * number before its ending (`postern.sock` → `postern-1.sock`), ports are counted on (`:9191`, `:9192`). Each worker is
 * an endpoint of its own for Envoy. Port 0 stays: each gets a free one.
 */
export function workerAddress(text: string, number: number): string {
	const address = parseAddress(text);
	if (address === undefined) return text;
	if (address.kind === "tcp") {
		return address.port === 0 ? text : formatAddress({ ...address, port: address.port + number - 1 });
	}
	const { path } = address;
	const dot = path.lastIndexOf(".");
	const at = dot > path.lastIndexOf("/") + 1 ? dot : path.length;
	return formatAddress({ kind: "unix", path: `${path.slice(0, at)}-${number}${path.slice(at)}` });
}

/** The endpoints of all workers, worker by worker, for Envoy's cluster; without workers, the addresses as configured. */
export function endpoints(serve: {
	readonly grpc: readonly string[];
	readonly workers: number;
}): readonly string[] {
	if (serve.workers === 0) return serve.grpc;
	return Array.from({ length: serve.workers }, (_, index) =>
		serve.grpc.map((address) => workerAddress(address, index + 1)),
	).flat();
}
