/** What takes minutes, or needs more than this checkout, runs with `npm run test:full`. */
const full = process.env.POSTERN_TEST_SIZE === "full";

export default {
	testEnvironment: "node",
	extensionsToTreatAsEsm: [".ts"],
	transform: {},
	testMatch: ["<rootDir>/test/**/*.test.ts"],
	testPathIgnorePatterns: ["/node_modules/", ...(full ? [] : ["<rootDir>/test/full/"])],
	modulePathIgnorePatterns: ["<rootDir>/.tools", "<rootDir>/.run", "<rootDir>/dist"],
	maxWorkers: 2,
	testTimeout: 60000,
};
