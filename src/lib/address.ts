import { isIP } from "node:net";
import { isAbsolute, resolve } from "node:path";

/** Where a port listens. */
export type Address =
	| { readonly kind: "unix"; readonly path: string }
	| { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly loopback: boolean };

/**
 * Reads `127.0.0.1:9191`, `[::1]:9191`, `localhost:9191`, `unix:///run/postern.sock` or `unix:postern.sock`.
 * Answers undefined for anything else. Port 0 stands for any free port.
 */
export function parseAddress(text: string): Address | undefined {
	if (text.startsWith("unix:")) {
		const path = text.startsWith("unix://") ? text.slice("unix://".length) : text.slice("unix:".length);
		// `unix://host/path` has an authority, which no socket file has.
		if (path === "" || path.includes("\0") || (text.startsWith("unix://") && !isAbsolute(path)))
			return undefined;
		return { kind: "unix", path };
	}
	const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]+)):([0-9]{1,5})$/.exec(text);
	if (parts === null) return undefined;
	const bracketed = parts[1];
	const host = bracketed ?? parts[2] ?? "";
	const port = Number(parts[3]);
	if (port > 65_535) return undefined;
	if (bracketed !== undefined && isIP(bracketed) !== 6) return undefined;
	if (bracketed === undefined && isIP(host) === 0 && !isHostName(host)) return undefined;
	return { kind: "tcp", host, port, loopback: isLoopback(host) };
}

/** The text form that gRPC and people understand. */
export function formatAddress(address: Address): string {
	if (address.kind === "unix") return `unix:${address.path.startsWith("/") ? "//" : ""}${address.path}`;
	return `${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}

/** The same address with a socket path that no longer depends on the working directory. */
export function resolveAddress(text: string, folder: string): string {
	const address = parseAddress(text);
	if (address?.kind !== "unix") return text;
	return formatAddress({ kind: "unix", path: resolve(folder, address.path) });
}

/** 127.0.0.0/8, ::1 and the name that RFC 6761 reserves for them. */
function isLoopback(host: string): boolean {
	if (isIP(host) === 4) return host.startsWith("127.");
	return host === "::1" || host.toLowerCase() === "localhost";
}

function isHostName(host: string): boolean {
	// A name of digits and dots alone would be a mistyped address.
	if (/^[0-9.]+$/.test(host)) return false;
	return host.length <= 253 && /^(?!-)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*$/.test(host);
}
