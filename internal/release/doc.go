// Package release holds no code, only tests: those of what users get. The exported API is what
// api/*.txt says, and the modules work for a program outside of them. It is a module of its own,
// for what these tests need.
package release
