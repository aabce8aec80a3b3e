/** Loaded before Postern in tests: on SIGUSR2 its heap fills up until V8 gives up. */
process.on("SIGUSR2", () => {
	const held = [];
	for (;;) held.push(Array.from({ length: 10_000 }, (_, at) => ({ at })));
});
