//go:build !unix

package auth

import "io/fs"

// private has nothing to tell: the mode does not say here who may read a file.
func private(fs.FileInfo) bool { return true }
