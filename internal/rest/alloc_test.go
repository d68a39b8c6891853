//go:build !race

package rest

const moreUnderRace = 0
