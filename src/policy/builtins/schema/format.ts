import { goRegexp } from "../go/regexp.ts";
import { parseUrl, type Url } from "../go/url.ts";
import { textOf, UrlError } from "../go/url-escape.ts";
import { parseAddress } from "../net/ip.ts";
import { parseTime } from "../time/parse.ts";
import { isEmail } from "./email.ts";

type Format = (text: string) => boolean;

const DATE = "2006-01-02";
const TIME = "15:04:05";
const ZONED_TIME = "15:04:05Z07:00";

const timeOf =
	(...layouts: readonly string[]): Format =>
	(text) =>
		layouts.some((layout) => parseTime(layout, text) !== undefined);

const LABEL = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/;

const isHostname: Format = (text) => text.length < 256 && text.split(".").every((label) => LABEL.test(label));

/** A URL as Go reads it, without a backslash. */
function urlOf(text: string): Url | undefined {
	try {
		const url = parseUrl(text);
		return text.includes("\\") ? undefined : url;
	} catch (thrown) {
		if (thrown instanceof UrlError) return undefined;
		throw thrown;
	}
}

const isUri: Format = (text) => (urlOf(text)?.scheme ?? "") !== "";

const isUriReference: Format = (text) => urlOf(text) !== undefined;

/** Every bracket that opens in the path closes; what is between does not count. */
function isUriTemplate(text: string): boolean {
	const url = urlOf(text);
	if (url === undefined) return false;
	const path = textOf(url.path);
	let at = path.indexOf("{");
	while (at >= 0) {
		const end = path.indexOf("}", at);
		if (end < 0) return false;
		at = path.indexOf("{", end);
	}
	return true;
}

/** Tildes stand before a 0 or a 1. */
const isJsonPointer: Format = (text) => /^(?:\/|$)/.test(text) && !/~(?![01])/.test(text);

function isRelativePointer(text: string): boolean {
	const digits = /^(?:0|[1-9][0-9]*)/.exec(text)?.[0];
	if (digits === undefined) return false;
	const rest = text.slice(digits.length);
	return rest === "#" || isJsonPointer(rest);
}

const FORMATS: ReadonlyMap<string, Format> = new Map<string, Format>([
	["date", timeOf(DATE)],
	["time", timeOf(ZONED_TIME, TIME)],
	["date-time", timeOf(`${DATE}T${ZONED_TIME}`, DATE, ZONED_TIME, TIME)],
	["hostname", isHostname],
	["email", isEmail],
	["idn-email", isEmail],
	["ipv4", (text) => text.includes(".") && parseAddress(text) !== undefined],
	["ipv6", (text) => text.includes(":") && parseAddress(text) !== undefined],
	["uri", isUri],
	["uri-reference", isUriReference],
	["iri", isUri],
	["iri-reference", isUriReference],
	["uri-template", isUriTemplate],
	["uuid", (text) => /^[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}$/i.test(text)],
	["regex", (text) => goRegexp(text) !== undefined],
	["json-pointer", isJsonPointer],
	["relative-json-pointer", isRelativePointer],
]);

/** Whether a text is of a format; of one that is not known, every text is. */
export const hasFormat = (name: string, text: string): boolean => FORMATS.get(name)?.(text) ?? true;
