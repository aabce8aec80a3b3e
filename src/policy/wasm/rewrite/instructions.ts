import { type ByteReader, byteReader, ModuleFormatError } from "./bytes.ts";

/** One `call` of a function body: where its instruction stands and what it is inside of. */
export interface CallSite {
	/** Offset of the opcode in the body. */
	readonly start: number;
	/** Offset after the instruction. */
	readonly end: number;
	readonly callee: number;
	/** The loops around it, outermost first, each known by the offset of its opcode. */
	readonly loops: readonly number[];
}

const BLOCK = 0x02;
const LOOP = 0x03;
const IF = 0x04;
const END = 0x0b;
const CALL = 0x10;
const PREFIX = 0xfc;

/** Opcodes by what follows them (WebAssembly core specification 2.0, 5.4), less those that OPA's module never has. */
function skipImmediates(reader: ByteReader, opcode: number): void {
	if (opcode >= 0x45 && opcode <= 0xc4) return;
	if (opcode >= 0x28 && opcode <= 0x3e) {
		reader.skipNumber();
		reader.skipNumber();
		return;
	}
	switch (opcode) {
		case 0x00: // unreachable
		case 0x01: // nop
		case 0x05: // else
		case 0x0f: // return
		case 0x1a: // drop
		case 0x1b: // select
			return;
		case 0x0c: // br
		case 0x0d: // br_if
		case 0x3f: // memory.size
		case 0x40: // memory.grow
		case 0x41: // i32.const
		case 0x42: // i64.const
			reader.skipNumber();
			return;
		case 0x0e: // br_table
			for (let labels = reader.u32() + 1; labels > 0; labels--) reader.skipNumber();
			return;
		case 0x11: // call_indirect
			reader.skipNumber();
			reader.skipNumber();
			return;
		case 0x43:
			reader.skip(4);
			return;
		case 0x44:
			reader.skip(8);
			return;
		case PREFIX:
			skipPrefixed(reader);
			return;
		default:
			if (opcode >= 0x20 && opcode <= 0x26) reader.skipNumber();
			else throw new ModuleFormatError(`instruction 0x${opcode.toString(16)}`);
	}
}

function skipPrefixed(reader: ByteReader): void {
	const opcode = reader.u32();
	if (opcode <= 7) return;
	// memory.copy names two memories, memory.fill one.
	if (opcode === 10) reader.skip(2);
	else if (opcode === 11) reader.skip(1);
	else throw new ModuleFormatError(`instruction 0xfc ${opcode}`);
}

/**
 * The calls of a function body (locals and code, without its length).
 * @throws {ModuleFormatError} for instructions that OPA's compiler does not write.
 */
export function callSites(body: Uint8Array): readonly CallSite[] {
	const reader = byteReader(body);
	for (let groups = reader.u32(); groups > 0; groups--) {
		reader.skipNumber();
		reader.skip(1);
	}
	const calls: CallSite[] = [];
	const blocks: (number | undefined)[] = [];
	while (!reader.ended()) {
		const start = reader.position();
		const opcode = reader.byte();
		if (opcode === BLOCK || opcode === LOOP || opcode === IF) {
			reader.skipNumber();
			blocks.push(opcode === LOOP ? start : undefined);
		} else if (opcode === END) {
			blocks.pop();
		} else if (opcode === CALL) {
			const callee = reader.u32();
			const loops = blocks.filter((loop) => loop !== undefined);
			calls.push({ start, end: reader.position(), callee, loops });
		} else skipImmediates(reader, opcode);
	}
	return calls;
}
