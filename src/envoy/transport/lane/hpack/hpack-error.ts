/** A header block that cannot be decoded. Both sides' tables differ from then on: the connection has to end. */
export class HpackError extends Error {
	constructor(message: string) {
		super(message);
		this.name = "HpackError";
	}
}
