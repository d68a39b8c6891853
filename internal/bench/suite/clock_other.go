//go:build !unix

package main

import "time"

// clock is the time on the wall.
func clock() time.Duration { return time.Since(started) }
