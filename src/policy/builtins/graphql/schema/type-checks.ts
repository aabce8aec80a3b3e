import type { Definition, Type } from "../ast.ts";
import { unusable } from "../unusable.ts";

/** The name of what a type is a list of, or its own. */
export function nameOf(type: Type): string {
	let inner = type;
	while (inner.namedType === "") {
		if (inner.elem === undefined) throw unusable("a type without a name");
		inner = inner.elem;
	}
	return inner.namedType;
}

/** Whether a value of type `given` may stand where one of type `wanted` is expected. */
export function isCompatible(given: Type, wanted: Type): boolean {
	if (given.namedType !== wanted.namedType) return false;
	if (given.elem !== undefined) {
		if (wanted.elem === undefined || !isCompatible(given.elem, wanted.elem)) return false;
	}
	return given.nonNull || !wanted.nonNull;
}

export const isLeaf = ({ kind }: Definition): boolean => kind === "SCALAR" || kind === "ENUM";

export const isComposite = ({ kind }: Definition): boolean =>
	kind === "OBJECT" || kind === "INTERFACE" || kind === "UNION";

export const isInput = ({ kind }: Definition): boolean =>
	kind === "SCALAR" || kind === "ENUM" || kind === "INPUT_OBJECT";
