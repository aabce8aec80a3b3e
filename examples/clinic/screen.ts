import type { Row, Sign } from "./compare.ts";

/** A terminal, or what stands in for it: how wide, and whether it shows colours. */
export interface Screen {
	readonly width: number;
	/** Width of each of the two columns. */
	readonly half: number;
	print(line?: string): void;
	bold(text: string): string;
	dim(text: string): string;
	green(text: string): string;
	yellow(text: string): string;
	red(text: string): string;
	cyan(text: string): string;
	/** A long text over as many lines as it takes, dimmed. */
	wrapped(text: string): void;
	/** A heading with a rule to the right edge. */
	heading(text: string): void;
	/** Two columns under their titles, a sign in front of each line. */
	columns(titles: readonly [string, string], rows: readonly Row[]): void;
}

const MIN_WIDTH = 72;
const MAX_WIDTH = 112;
const DEFAULT_WIDTH = 100;

/** Code points, which is what the demo's texts take in columns. */
function widthOf(text: string): number {
	return [...text].length;
}

function column(text: string, width: number): string {
	const points = [...text];
	if (points.length <= width) return text + " ".repeat(width - points.length);
	return `${points.slice(0, width - 1).join("")}…`;
}

/** A screen over a stream. NO_COLOR (any value but empty) and a pipe mean no colour. */
export function createScreen(stream: NodeJS.WriteStream, noColor: string | undefined): Screen {
	const colours = stream.isTTY === true && (noColor ?? "") === "";
	const paint = (code: number) => (text: string) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
	const width = Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, stream.columns ?? DEFAULT_WIDTH));
	const [bold, dim, red, green, yellow, cyan] = [1, 2, 31, 32, 33, 36].map(paint) as [
		Screen["bold"],
		Screen["dim"],
		Screen["red"],
		Screen["green"],
		Screen["yellow"],
		Screen["cyan"],
	];
	const half = Math.floor((width - 7) / 2);
	const bySign: Record<Sign, (text: string) => string> = { "=": green, "~": yellow, "-": red, " ": dim };
	const print = (line = "") => {
		stream.write(`${line}\n`);
	};
	return {
		width,
		half,
		print,
		bold,
		dim,
		green,
		yellow,
		red,
		cyan,
		wrapped(text) {
			const room = width - 4;
			for (let at = 0; at < text.length; at += room) print(`    ${dim(text.slice(at, at + room))}`);
		},
		heading(text) {
			print();
			print(`${bold(text)} ${dim("─".repeat(Math.max(3, width - widthOf(text) - 1)))}`);
		},
		columns([left, right], rows) {
			print(`    ${dim(`${column(left, half)} │ ${right}`)}`);
			for (const row of rows) {
				const colour = bySign[row.sign];
				const before = colour(column(row.left, half));
				const after = row.right === "" ? "" : ` ${colour(column(row.right, half).trimEnd())}`;
				print(`  ${colour(row.sign)} ${before} ${dim("│")}${after}`);
			}
		},
	};
}
