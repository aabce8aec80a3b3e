import type { JsonObject, JsonValue } from "../lib/json-value.ts";
import { Fault } from "./fault.ts";

export function isObject(value: JsonValue | undefined): value is JsonObject {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
	return Array.isArray(value);
}

/** @throws Fault `decision_type` */
export function requireObject(value: JsonValue, key: string): JsonObject {
	if (!isObject(value)) throw new Fault("decision_type", `${key} is not an object`);
	return value;
}

/** @throws Fault `decision_type` */
export function requireStrings(value: JsonValue, key: string): readonly string[] {
	if (!isList(value)) throw new Fault("decision_type", `${key} is not an array`);
	for (const item of value) {
		if (typeof item !== "string")
			throw new Fault("decision_type", `${key} holds something else than strings`);
	}
	return value as readonly string[];
}

/** One string or an array of strings. @throws Fault `decision_type` */
export function stringOrStrings(value: JsonValue, key: string): readonly string[] {
	return typeof value === "string" ? [value] : requireStrings(value, key);
}

/** Short codes that go into records and metrics. @throws Fault `decision_value` */
export function requireCode(value: JsonValue, key: string): string {
	if (typeof value !== "string") throw new Fault("decision_type", `${key} is not a string`);
	if (!/^[a-z0-9_.-]{1,64}$/.test(value))
		throw new Fault("decision_value", `${key} does not match [a-z0-9_.-]{1,64}`);
	return value;
}

/** Every number that goes out in a Struct is a double. @throws Fault `decision_value` */
export function requireFinite(value: JsonValue, key: string): void {
	if (typeof value === "number") {
		if (!Number.isFinite(value)) throw new Fault("decision_value", `${key} holds a number out of range`);
	} else if (isList(value)) for (const item of value) requireFinite(item, key);
	else if (isObject(value))
		for (const name of Object.keys(value)) requireFinite(value[name] as JsonValue, key);
}
