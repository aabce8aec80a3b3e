import { connect } from "node:net";
import process from "node:process";
import { ATTACKS, type Attack } from "./attacks.ts";
import { createFrameReader, F, frame, PREFACE, T } from "./frames.ts";
import { settings } from "./raw-peer.ts";

/** What came of an attack. */
export interface Outcome {
	readonly connections: number;
	readonly octets: number;
}

let stopped = false;

/** A process of its own that attacks `address` in one way, from several connections at once, until it is told to stop. */
async function attack(address: string, one: Attack): Promise<Outcome> {
	const port = Number(address.slice(address.lastIndexOf(":") + 1));
	stopped = false;
	let connections = 0;
	let octets = 0;

	async function connection(): Promise<void> {
		const socket = connect(port, "127.0.0.1");
		connections++;
		let open = true;
		const read = createFrameReader();
		let greeted = (): void => {};
		const greeting = new Promise<void>((resolve) => {
			greeted = resolve;
		});
		const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
		socket.on("error", () => {});
		socket.on("close", () => {
			open = false;
		});
		socket.on("data", (bytes) => {
			for (const { type, flags } of read(bytes)) {
				if (type !== T.SETTINGS || (flags & F.ACK) !== 0) continue;
				socket.write(frame(T.SETTINGS, F.ACK, 0));
				greeted();
			}
		});
		socket.write(Buffer.concat([PREFACE, settings(...(one.settings ?? []))]));
		await Promise.race([greeting, closed]);
		if (one.deaf === true) socket.pause();
		for (const piece of one.pieces()) {
			if (!open || stopped) break;
			octets += piece.length;
			const room = socket.write(piece);
			await new Promise<void>((resolve) => {
				if (room) setImmediate(resolve);
				else {
					const go = (): void => resolve();
					socket.once("drain", go);
					socket.once("close", go);
					setTimeout(go, 200);
				}
			});
		}
		socket.destroy();
	}
	async function again(): Promise<void> {
		while (!stopped) await connection();
	}
	await Promise.all([again(), again(), again()]);
	return { connections, octets };
}

process.on("message", (wanted) => {
	const { address, name } = wanted as { readonly address?: string; readonly name?: string };
	if (address === undefined) {
		stopped = true;
		return;
	}
	const one = ATTACKS[name ?? ""];
	if (one === undefined) throw new Error(`no attack ${name}`);
	void attack(address, one).then((outcome) => process.send?.(outcome));
});
process.on("disconnect", () => process.exit(0));
process.send?.({ ready: true });
