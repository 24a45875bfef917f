/**
 * V8 compiles WebAssembly once, quickly, and what runs often a second time, optimised. PostgreSQL's largest functions cost
 * that second compiler 600 MB for a moment and 140 MB for good, and gain little: statements of a row or two take as long,
 * bulk work up to twice as long (ADR 29). These turn it off in this process.
 */
export const LEAN_FLAGS = ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering'] as const
