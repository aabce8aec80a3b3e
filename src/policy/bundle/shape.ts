/** What a value must be; throws {@link ShapeError} with where it is not. */
export type Shape<T> = (value: unknown, at: string) => T;

/** A key that may be absent. */
interface Optional<T> {
	readonly optional: Shape<T>;
}

type Members = Readonly<Record<string, Shape<unknown> | Optional<unknown>>>;

type Read<M extends Members> = {
	readonly [key in keyof M as M[key] extends Shape<unknown> ? key : never]: M[key] extends Shape<infer T>
		? T
		: never;
} & {
	readonly [key in keyof M as M[key] extends Optional<unknown> ? key : never]?: M[key] extends Optional<
		infer T
	>
		? T
		: never;
};

export class ShapeError extends Error {
	override readonly name = "ShapeError";
}

function fail(at: string, must: string): never {
	throw new ShapeError(at === "" ? must : `${at}: ${must}`);
}

const below = (at: string, key: string | number): string => (at === "" ? String(key) : `${at}.${key}`);

function mapping(value: unknown, at: string): Readonly<Record<string, unknown>> {
	if (typeof value !== "object" || value === null || Array.isArray(value)) fail(at, "must be an object");
	return value as Readonly<Record<string, unknown>>;
}

export function text({ max, pattern }: { max?: number; pattern?: RegExp } = {}): Shape<string> {
	return (value, at) => {
		if (typeof value !== "string") fail(at, "must be a text");
		if (max !== undefined && value.length > max) fail(at, `must not be longer than ${max} characters`);
		if (pattern !== undefined && !pattern.test(value)) fail(at, `must match ${pattern.source}`);
		return value;
	};
}

export const number: Shape<number> = (value, at) =>
	typeof value === "number" ? value : fail(at, "must be a number");

export const anything: Shape<unknown> = (value) => value;

export function exactly<const T extends string | number>(wanted: T): Shape<T> {
	return (value, at) => (value === wanted ? wanted : fail(at, `must be ${wanted}`));
}

export function optional<T>(shape: Shape<T>): Optional<T> {
	return { optional: shape };
}

/** What stands where a key is absent. */
export function withDefault<T>(shape: Shape<T>, fallback: T): Shape<T> {
	return (value, at) => (value === undefined ? fallback : shape(value, at));
}

export function listOf<T>(shape: Shape<T>): Shape<readonly T[]> {
	return (value, at) =>
		Array.isArray(value)
			? value.map((item, index) => shape(item, below(at, index)))
			: fail(at, "must be a list");
}

/** Any names, each with a value of one shape. */
export function recordOf<T>(shape: Shape<T>): Shape<Readonly<Record<string, T>>> {
	return (value, at) =>
		Object.fromEntries(
			Object.entries(mapping(value, at)).map(([key, item]) => [key, shape(item, below(at, key))]),
		);
}

/** These keys; others are an error, or are left out where `open` says so. */
export function objectOf<const M extends Members>(members: M, { open = false } = {}): Shape<Read<M>> {
	return (value, at) => {
		const given = mapping(value, at);
		const unknown = Object.keys(given).find((key) => !Object.hasOwn(members, key));
		if (unknown !== undefined && !open) fail(below(at, unknown), "is no key of it");
		const read: [string, unknown][] = [];
		for (const [key, member] of Object.entries(members)) {
			const item = Object.hasOwn(given, key) ? given[key] : undefined;
			if (typeof member === "function") read.push([key, member(item, below(at, key))]);
			else if (item !== undefined) read.push([key, member.optional(item, below(at, key))]);
		}
		return Object.fromEntries(read) as Read<M>;
	};
}
