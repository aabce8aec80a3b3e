/**
 * The lines of a byte stream, ended by LF alone: node:readline also ends lines at U+2028 and U+2029, which a
 * JSON string may hold.
 */
export async function* inputLines(input: AsyncIterable<unknown>): AsyncGenerator<string> {
	let parts: Uint8Array[] = [];
	for await (const piece of input) {
		const chunk = piece as Uint8Array;
		let start = 0;
		for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
			parts.push(chunk.subarray(start, end));
			yield Buffer.concat(parts).toString("utf8");
			parts = [];
			start = end + 1;
		}
		if (start < chunk.length) parts.push(chunk.subarray(start));
	}
	if (parts.length > 0) yield Buffer.concat(parts).toString("utf8");
}
