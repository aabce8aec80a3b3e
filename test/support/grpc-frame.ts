/** One message in the body of a call. `flags`: 1 compressed, 0x80 trailers of gRPC-Web. */
export function frame(message: Uint8Array, flags = 0): Buffer {
	const head = Buffer.alloc(5);
	head[0] = flags;
	head.writeUInt32BE(message.length, 1);
	return Buffer.concat([head, message]);
}

/** The frames of a whole body. */
export function unframe(body: Uint8Array): { readonly flags: number; readonly message: Buffer }[] {
	const bytes = Buffer.from(body);
	const frames = [];
	for (let at = 0; at < bytes.length; ) {
		const end = at + 5 + bytes.readUInt32BE(at + 1);
		frames.push({ flags: bytes[at] as number, message: bytes.subarray(at + 5, end) });
		at = end;
	}
	return frames;
}
