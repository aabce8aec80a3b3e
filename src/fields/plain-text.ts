import { asBuffer } from "./json-text.ts";

/** How a JSON value is written where there is only text: strings as they are, null as nothing, all else as JSON. */
export function plainText(json: Uint8Array): string {
	const text = asBuffer(json).toString();
	const value = JSON.parse(text) as unknown;
	if (value === null) return "";
	return typeof value === "string" ? value : text;
}
