import type { Effort } from "./bounds.ts";
import { isJsonArray, isJsonNumber, isJsonObject, type Json, type JsonObject } from "./document.ts";
import type { Draft } from "./draft.ts";
import { invalidType, mustBeOfAn, SchemaError } from "./schema-error.ts";
import type { SubSchema } from "./sub-schema.ts";

/** An object that is being compiled. */
export interface Reading {
	readonly members: ReadonlyMap<string, Json>;
	readonly draft: Draft;
	/** What its keywords go into. */
	readonly schema: SubSchema;
	readonly effort: Effort;
	/** Compiles a schema inside this one. */
	child(value: Json): SubSchema;
}

/** A keyword, or some, read in OPA's order: of several mistakes the first is reported. */
export type Keyword = (reading: Reading) => void;

/** @throws {SchemaError} for what is there and no string. */
export function stringMember({ members }: Reading, key: string): string | undefined {
	const value = members.get(key);
	if (value === undefined || typeof value === "string") return value;
	throw invalidType("string", key);
}

/** @throws {SchemaError} for what is there and no array. */
export function listMember({ members, effort }: Reading, key: string): readonly Json[] | undefined {
	const value = members.get(key);
	if (value === undefined) return undefined;
	if (!isJsonArray(value)) throw mustBeOfAn(key, "array");
	effort.step(value.items.length);
	return value.items;
}

/**
 * An integer of 64 bits, not below zero, written without a point or an exponent.
 * @throws {SchemaError} for whatever else is there.
 */
export function countMember({ members }: Reading, key: string): bigint | undefined {
	const value = members.get(key);
	if (value === undefined) return undefined;
	const digits = isJsonNumber(value) && value.text.length <= 20 && /^-?\d+$/.test(value.text);
	const count = digits ? BigInt(value.text) : undefined;
	if (count === undefined || BigInt.asIntN(64, count) !== count) throw mustBeOfAn(key, "integer");
	if (count < 0n) throw new SchemaError(`${key} must be greater than or equal to 0`);
	return count;
}

/** Whether a value may be a schema; which of them a draft takes is seen when it is compiled. */
export const maySchema = (value: Json | undefined): value is boolean | JsonObject =>
	typeof value === "boolean" || isJsonObject(value);
