// TEMPORARY seam.
export {};
