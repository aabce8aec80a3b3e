const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 100;
/** Widest line that is drawn. */
const MIN_COLUMNS = 72;
/** How often a step that takes long says so where there is no terminal. */
const REMINDER_MS = 20_000;

/** @param {number} since */
function seconds(since) {
	return `${Math.max(1, Math.round((Date.now() - since) / 1000))} s`;
}

/**
 * Shows steps that run at the same time: one line each, redrawn in place on a terminal; plain lines, never redrawn,
 * elsewhere. Everything goes to standard error, so that a command's own output stays clean.
 *
 * @param {NodeJS.WriteStream} stream
 */
export function createProgress(stream) {
	// A line that wraps would break the redrawing.
	const live = stream.isTTY === true && process.env.TERM !== "dumb" && (stream.columns ?? 0) >= MIN_COLUMNS;
	const colour = live && process.env.NO_COLOR === undefined;
	const paint = (code, text) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
	/** @type {{ label: string, doing: string, state: "running" | "done" | "failed", since: number, took: string }[]} */
	const steps = [];
	let drawn = 0;
	let frame = 0;
	let timer;

	function text(step) {
		if (step.state === "done") {
			return `  ${paint(32, "✓")} ${step.label} ${paint(2, `(${step.took})`)}`;
		}
		if (step.state === "failed") {
			return `  ${paint(31, "✗")} ${step.label}`;
		}
		return `  ${paint(36, FRAMES[frame % FRAMES.length])} ${step.label}: ${step.doing} ${paint(2, `(${seconds(step.since)})`)}`;
	}

	function draw() {
		frame += 1;
		const up = drawn > 0 ? `\u001b[${drawn}A` : "";
		stream.write(`${up}${steps.map((step) => `\u001b[2K${text(step)}\n`).join("")}`);
		drawn = steps.length;
	}

	return {
		/** @param {string} line */
		say(line) {
			stream.write(`${line}\n`);
			drawn = 0;
		},
		/** @param {string} label @param {string} doing */
		start(label, doing) {
			const step = { label, doing, state: "running", since: Date.now(), took: "" };
			steps.push(step);
			let reminder;
			if (live) {
				timer ??= setInterval(draw, FRAME_MS);
				draw();
			} else {
				stream.write(`  ${label}: ${doing} ...\n`);
				reminder = setInterval(
					() => stream.write(`  ${label}: still ${step.doing} (${seconds(step.since)})\n`),
					REMINDER_MS,
				);
			}
			const close = (state) => {
				clearInterval(reminder);
				step.state = state;
				step.took = seconds(step.since);
				if (!live) {
					stream.write(state === "done" ? `  ${label}: ready (${step.took})\n` : `  ${label}: failed\n`);
				}
			};
			return {
				/** @param {string} now */
				doing(now) {
					step.doing = now;
				},
				done: () => close("done"),
				failed: () => close("failed"),
			};
		},
		stop() {
			clearInterval(timer);
			if (live && steps.length > 0) {
				draw();
			}
		},
	};
}
