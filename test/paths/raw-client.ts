import { connect, type Socket } from "node:net";

export interface RawAnswer {
	/** 0: the connection ended, or nothing came in time. */
	readonly status: number;
	readonly location?: string;
}

/** One connection after the other to one port; request targets go out byte for byte. */
export interface RawClient {
	get(target: string, headers: readonly (readonly [string, string])[]): Promise<RawAnswer>;
	close(): void;
}

const PATIENCE_MS = 10_000;

/** `port`: of the loopback address. One request at a time. */
export function rawClient(port: number): RawClient {
	let socket: Socket | undefined;
	return {
		async get(target, headers) {
			const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
			const bytes = Buffer.from(`GET ${target} HTTP/1.1\r\nhost: example.test\r\n${lines}\r\n`, "latin1");
			const reused = socket !== undefined;
			const first = await exchange(bytes);
			// Envoy may have closed the connection behind its last answer.
			return first.status === 0 && reused ? exchange(bytes) : first;
		},
		close: () => socket?.destroy(),
	};

	function exchange(bytes: Buffer): Promise<RawAnswer> {
		const used = socket ?? connect(port, "127.0.0.1");
		socket = used;
		return new Promise((resolve) => {
			let received = "";
			const finish = (answer: RawAnswer, keep: boolean): void => {
				clearTimeout(patience);
				used.removeAllListeners();
				used.on("error", () => {});
				if (!keep) {
					used.destroy();
					socket = undefined;
				}
				resolve(answer);
			};
			const lost = (): void => finish({ status: 0 }, false);
			const patience = setTimeout(lost, PATIENCE_MS);
			used.on("data", (piece: Buffer) => {
				received += piece.toString("latin1");
				const end = received.indexOf("\r\n\r\n");
				if (end < 0) return;
				const head = received.slice(0, end);
				const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
				if (received.length < end + 4 + length) return;
				const location = /^location: (.*)$/im.exec(head)?.[1];
				finish(
					{ status: Number(head.split(" ")[1]), ...(location === undefined ? {} : { location }) },
					!/^connection: close/im.test(head),
				);
			});
			used.on("end", lost);
			used.on("error", lost);
			used.on("close", lost);
			used.write(bytes);
		});
	}
}
