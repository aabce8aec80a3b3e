/** Waits until `probe` answers true; fails after `limitMs`. */
export async function until(probe: () => Promise<boolean> | boolean, limitMs = 30_000): Promise<void> {
	const end = Date.now() + limitMs;
	while (!(await probe())) {
		if (Date.now() > end) throw new Error("it did not come to pass in time");
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}
