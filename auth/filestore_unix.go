//go:build unix

package auth

import "io/fs"

// private tells whether nobody but the file's owner may read or write it.
func private(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 == 0 }
