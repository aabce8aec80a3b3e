/** What a service knows of one of its users; the hand-written ways of the benchmarks change it. */
export interface SampleUser {
	readonly [name: string]: unknown;
	email: string;
	ssn?: string;
	note?: string;
	phone: string;
	name: { first: string; last: string };
	address: { street: string; city: string; zip: string; country: string; geo: readonly number[] };
	card: { number: string; exp: string; brand: string };
}

/** Each number another, with text beyond ASCII. */
export function sampleUser(i: number): SampleUser {
	return {
		id: 100_000 + i,
		name: {
			first: ["Ada", "Bjørn", "Chloé", "Dmitri", "Eve"][i % 5] ?? "",
			last: `Example${(i * 7919) % 10_000}`,
		},
		email: `user${i}@example.com`,
		ssn: `${100 + (i % 900)}-${10 + (i % 90)}-${1000 + ((i * 31) % 9000)}`,
		phone: `+49 30 ${1_000_000 + ((i * 104_729) % 9_000_000)}`,
		address: {
			street: `${i % 200} Some Street`,
			city: "Berlin",
			zip: String(10_000 + ((i * 13) % 90_000)),
			country: "DE",
			geo: [52.5 + (i % 1000) / 1e4, 13.4 + (i % 997) / 1e4],
		},
		card: { number: `4111${100_000_000_000 + i}`, exp: "12/29", brand: "visa" },
		balance: ((i * 7907) % 1_000_000) / 100,
		active: i % 2 === 1,
		tags: ["a", "beta", `long-tag-${i % 100}`],
		note: 'Lorem ipsum dolor sit amet, "quoted" text\nand a second line',
	};
}
