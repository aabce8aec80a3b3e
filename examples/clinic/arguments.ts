import { DemoError } from "./processes.ts";

export interface DemoArguments {
	readonly help: boolean;
	/** Leave everything running when the calls are done. */
	readonly keep: boolean;
	readonly port: number;
}

export const DEFAULT_PORT = 18080;
/** How many ports are taken from the first one on. */
export const PORT_COUNT = 5;
const MIN_PORT = 1024;
const MAX_PORT = 65_535 - PORT_COUNT + 1;

export const USAGE = `usage: npm run demo [-- --keep] [-- --port N]

Starts a customer-records service, Postern and Envoy on 127.0.0.1, makes real calls as several callers, and shows
what each of them got to see.

  --keep     leave it running afterwards, with curl lines to try; Ctrl-C ends it
  --port N   first of the ${PORT_COUNT} ports that are taken, ${MIN_PORT} to ${MAX_PORT} (default ${DEFAULT_PORT})
  --help     this text

exit codes: 0 every answer was the expected one, 1 one was not, 2 usage, 3 something is missing or a port is taken
`;

const usage = (message: string) => new DemoError(`${message}\n\n${USAGE}`, 2);

/** Reads the demo's command line; throws with exit code 2 for anything it does not know. */
export function readArguments(argv: readonly string[]): DemoArguments {
	let keep = false;
	let help = false;
	let port = DEFAULT_PORT;
	const rest = [...argv];
	for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
		const [name, attached] = word.split("=", 2) as [string, string | undefined];
		if (name === "--keep" && attached === undefined) keep = true;
		else if ((name === "--help" || name === "-h") && attached === undefined) help = true;
		else if (name === "--port") {
			const text = attached ?? rest.shift() ?? "";
			port = Number(text);
			if (!/^[0-9]{1,5}$/.test(text) || port < MIN_PORT || port > MAX_PORT) {
				throw usage(`--port needs a number from ${MIN_PORT} to ${MAX_PORT}, not ${JSON.stringify(text)}`);
			}
		} else throw usage(`unknown option ${JSON.stringify(word)}`);
	}
	return { help, keep, port };
}
