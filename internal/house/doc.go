// Package house holds no code, only tests: those of how the source is kept. They read the source of
// all modules of the repository: which package may import which, what every file and every exported
// name has, and what no library code does.
package house
