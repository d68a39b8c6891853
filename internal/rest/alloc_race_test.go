//go:build race

package rest

// moreUnderRace is how many allocations the race detector may add to a call.
const moreUnderRace = 5
