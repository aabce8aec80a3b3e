/** A JSON value as our own readers build it: objects have no prototype, so `__proto__` is a plain key. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
	readonly [key: string]: JsonValue;
}
