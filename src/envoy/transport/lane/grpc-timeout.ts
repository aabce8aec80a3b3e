const UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** A `grpc-timeout` in milliseconds: at most eight digits and a unit; −1 for anything else. */
export function readGrpcTimeout(text: string): number {
	const parts = /^([0-9]{1,8})([HMSmun])$/.exec(text);
	if (parts === null) return -1;
	return Number(parts[1]) * (UNITS[parts[2] as string] as number);
}
