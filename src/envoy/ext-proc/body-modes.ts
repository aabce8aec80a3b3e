/** `ProcessingMode.BodySendMode`, as far as masking can hold in it. */
export const BODY_NONE = 0;
export const BODY_STREAMED = 1;
export const BODY_BUFFERED = 2;

/** What of the two bodies of an exchange Envoy sends here. */
export interface BodyModes {
	readonly request: number;
	readonly response: number;
}

const SEND = 1;
const SKIP = 2;

/**
 * `ProcessingMode`, field by field. Every one is written, for Envoy takes a body mode that is left out as NONE and
 * compares all of them with its list of allowed overrides; the first, request_header_mode, is ignored there. Trailers
 * come where their body does.
 */
export function modeFields({
	request,
	response,
}: BodyModes): readonly (readonly [field: number, value: number])[] {
	return [
		[2, SEND],
		[3, request],
		[4, response],
		[5, request === BODY_NONE ? SKIP : SEND],
		[6, response === BODY_NONE ? SKIP : SEND],
	];
}
