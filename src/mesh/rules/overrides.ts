import type { Place, PlacedMap } from "../../lib/placed.ts";
import type { MeshCode } from "../codes.ts";
import { BODY_MODES, HEADER_MODES } from "../messages.ts";
import { enumAt, fieldOf, isOpen, mapsAt, placeAt, truthAt } from "../read-node.ts";
import type { Subject, Tell } from "../types.ts";

/** The fields that Envoy compares with an override, in the order header, bodies, trailers. */
interface Modes {
	readonly header: string;
	readonly request: string;
	readonly response: string;
	readonly requestTrailer: string;
	readonly responseTrailer: string;
}

/** What Postern asks for when an answer needs no masking. */
const OPT_OUT: Modes = {
	header: "SEND",
	request: "NONE",
	response: "NONE",
	requestTrailer: "SKIP",
	responseTrailer: "SKIP",
};

/** Whether Postern can opt out of bodies, or into whole ones, and nobody into anything else. */
export function checkOverrides(
	{ config, at, whole }: Subject,
	base: "BUFFERED" | "STREAMED",
	baseAt: Place,
	tell: Tell<MeshCode>,
): void {
	const allow = fieldOf(config, "allow_mode_override");
	if (isOpen(allow?.value)) return;
	const allowed = truthAt(config, "allow_mode_override") === true;
	const list = fieldOf(config, "allowed_override_modes");
	const entries = mapsAt(config, "allowed_override_modes").map((node) => ({ node, modes: readModes(node) }));
	for (const { node, modes } of entries) {
		if (!isSafe(modes, base)) tell("proc_override_modes", node.place);
	}
	if (allowed && entries.length === 0) tell("proc_override_open", allow?.place ?? at);
	if (base === "STREAMED") {
		const whole = entries.length === 0 || entries.some(({ modes }) => isBuffered(modes));
		if (allowed && whole) tell("proc_body_streamed", baseAt);
		else tell("proc_streamed_alone", allowed ? (list?.place ?? baseAt) : (allow?.place ?? baseAt));
		return;
	}
	if (!whole && allow === undefined) return;
	if (!allowed) tell("proc_override_idle", allow?.place ?? placeAt(config, at, "processing_mode"));
	else if (entries.length > 0 && !entries.some(({ modes }) => isOptOut(modes))) {
		tell("proc_override_idle", list?.place ?? at);
	}
}

function readModes(node: PlacedMap): Modes {
	return {
		header: enumAt(node, HEADER_MODES, "response_header_mode") ?? "DEFAULT",
		request: enumAt(node, BODY_MODES, "request_body_mode") ?? "NONE",
		response: enumAt(node, BODY_MODES, "response_body_mode") ?? "NONE",
		requestTrailer: enumAt(node, HEADER_MODES, "request_trailer_mode") ?? "DEFAULT",
		responseTrailer: enumAt(node, HEADER_MODES, "response_trailer_mode") ?? "DEFAULT",
	};
}

function isOptOut(modes: Modes): boolean {
	return (Object.keys(OPT_OUT) as (keyof Modes)[]).every((key) => modes[key] === OPT_OUT[key]);
}

function isBuffered(modes: Modes): boolean {
	return modes.response === "BUFFERED" && modes.responseTrailer === "SEND" && modes.header === "SEND";
}

/** As the filter is set up, with another mode for requests. */
function isStreamed(modes: Modes): boolean {
	return modes.response === "STREAMED" && modes.responseTrailer === "SEND" && modes.header === "SEND";
}

/** No body, whatever else, is at worst never asked for; others need their trailers. */
function isSafe(modes: Modes, base: "BUFFERED" | "STREAMED"): boolean {
	const request = modes.request === "NONE" || modes.request === "BUFFERED";
	const whole = modes.response === "NONE" || isBuffered(modes);
	return request && (whole || (base === "STREAMED" && isStreamed(modes)));
}
