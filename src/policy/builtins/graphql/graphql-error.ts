/** A document that OPA refuses: a text that is no GraphQL, a tree that is none, or one that is not valid. */
export class GraphqlError extends Error {
	override readonly name = "GraphqlError";
}
