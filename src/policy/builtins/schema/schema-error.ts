/** A schema that is none, or a document that is no JSON; the message is OPA's. */
export class SchemaError extends Error {
	override readonly name = "SchemaError";
}

export const invalidType = (expected: string, given: string): SchemaError =>
	new SchemaError(`Invalid type. Expected: ${expected}, given: ${given}`);

export const mustBeOfA = (key: string, type: string): SchemaError =>
	new SchemaError(`${key} must be of a ${type}`);

export const mustBeOfAn = (key: string, type: string): SchemaError =>
	new SchemaError(`${key} must be of an ${type}`);

export const mustBeOfType = (key: string, type: string): SchemaError =>
	new SchemaError(`${key} must be of type ${type}`);

export const mustBeUnique = (key: string): SchemaError => new SchemaError(`${key} items must be unique`);
