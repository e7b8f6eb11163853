// Assembled in the next commits.
export {};
