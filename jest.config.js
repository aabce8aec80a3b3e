export default {
	testEnvironment: "node",
	extensionsToTreatAsEsm: [".ts"],
	transform: {},
	testMatch: ["<rootDir>/test/**/*.test.ts"],
	modulePathIgnorePatterns: ["<rootDir>/.tools", "<rootDir>/.run", "<rootDir>/dist"],
	maxWorkers: 2,
	testTimeout: 60000,
};
