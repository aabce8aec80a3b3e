import { type ByteReader, byteReader, ModuleFormatError, u32Bytes } from "./bytes.ts";

const HEADER_BYTES = 8;
const CUSTOM = 0;
const IMPORT = 2;
const FUNCTION = 3;
const EXPORT = 7;
const CODE = 10;

/** The parts of a module that a rewrite looks at and changes; all else is copied as it is. */
export interface ModuleParts {
	/** Functions that the module imports, by name. */
	readonly imports: ReadonlyMap<string, number>;
	/** Functions by the name that the module's name section gives them. */
	readonly names: ReadonlyMap<string, number>;
	/** Index of the first function with a body. */
	readonly firstBody: number;
	/** Type of each function with a body. */
	readonly types: readonly number[];
	/** Locals and code of each, without its length. */
	readonly bodies: readonly Uint8Array[];
	/** The module with other functions: bodies replaced or added, and more of them exported. */
	with(changes: ModuleChanges): Uint8Array;
}

export interface ModuleChanges {
	readonly types: readonly number[];
	readonly bodies: readonly Uint8Array[];
	/** Functions to export besides, by name. */
	readonly exports: ReadonlyMap<string, number>;
}

interface Section {
	readonly id: number;
	readonly content: Uint8Array;
}

function readSections(bytes: Uint8Array): readonly Section[] {
	const reader = byteReader(bytes, HEADER_BYTES);
	const sections: Section[] = [];
	while (!reader.ended()) {
		const id = reader.byte();
		sections.push({ id, content: reader.take(reader.u32()) });
	}
	return sections;
}

function section(sections: readonly Section[], id: number): ByteReader {
	const found = sections.find((one) => one.id === id);
	if (found === undefined) throw new ModuleFormatError(`no section ${id}`);
	return byteReader(found.content);
}

function skipLimits(reader: ByteReader): void {
	const bounded = reader.byte() === 1;
	reader.skipNumber();
	if (bounded) reader.skipNumber();
}

function readImports(reader: ByteReader): ReadonlyMap<string, number> {
	const functions = new Map<string, number>();
	for (let left = reader.u32(); left > 0; left--) {
		reader.name();
		const name = reader.name();
		const kind = reader.byte();
		if (kind === 0) {
			reader.skipNumber();
			functions.set(name, functions.size);
		} else if (kind === 2) skipLimits(reader);
		else throw new ModuleFormatError(`import ${name}`);
	}
	return functions;
}

/** Name section: subsection 1 names functions (WebAssembly core specification, appendix 7.4.1). */
function readNames(sections: readonly Section[]): ReadonlyMap<string, number> {
	const names = new Map<string, number>();
	for (const { id, content } of sections) {
		if (id !== CUSTOM) continue;
		const reader = byteReader(content);
		if (reader.name() !== "name") continue;
		while (!reader.ended()) {
			const part = reader.byte();
			const inner = byteReader(reader.take(reader.u32()));
			if (part !== 1) continue;
			for (let left = inner.u32(); left > 0; left--) {
				const index = inner.u32();
				names.set(inner.name(), index);
			}
		}
	}
	return names;
}

const list = (items: readonly Uint8Array[]): Uint8Array =>
	Buffer.concat([Buffer.from(u32Bytes(items.length)), ...items]);

const sized = (bytes: Uint8Array): Uint8Array => Buffer.concat([Buffer.from(u32Bytes(bytes.length)), bytes]);

/**
 * Takes a module apart.
 * @throws {ModuleFormatError} when it lacks a section, or is none
 */
export function moduleParts(bytes: Uint8Array): ModuleParts {
	const sections = readSections(bytes);
	const imports = readImports(section(sections, IMPORT));
	const functions = section(sections, FUNCTION);
	const types = Array.from({ length: functions.u32() }, () => functions.u32());
	const code = section(sections, CODE);
	const bodies = Array.from({ length: code.u32() }, () => code.take(code.u32()));
	if (bodies.length !== types.length) throw new ModuleFormatError("functions without a body");

	const exported = (more: ReadonlyMap<string, number>): Uint8Array => {
		const { content } = sections.find(({ id }) => id === EXPORT) as Section;
		const reader = byteReader(content);
		const count = reader.u32();
		const rest = content.subarray(reader.position());
		const added = [...more].flatMap(([name, index]) => [
			...sized(Buffer.from(name, "utf8")),
			0,
			...u32Bytes(index),
		]);
		return Buffer.concat([Buffer.from(u32Bytes(count + more.size)), rest, Buffer.from(added)]);
	};

	return {
		imports,
		names: readNames(sections),
		firstBody: imports.size,
		types,
		bodies,
		with(changes) {
			section(sections, EXPORT);
			const parts: Uint8Array[] = [bytes.subarray(0, HEADER_BYTES)];
			for (const { id, content } of sections) {
				let changed = content;
				if (id === FUNCTION) changed = list(changes.types.map((type) => Buffer.from(u32Bytes(type))));
				else if (id === EXPORT) changed = exported(changes.exports);
				else if (id === CODE) changed = list(changes.bodies.map(sized));
				parts.push(Buffer.of(id), sized(changed));
			}
			return Buffer.concat(parts);
		},
	};
}
