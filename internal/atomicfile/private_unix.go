//go:build unix

package atomicfile

import (
	"io/fs"
	"syscall"
)

// openFlags keep an open from following a link or waiting for the writer of a pipe.
const openFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// private reports whether nobody but the file's owner may read or write it.
func private(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 == 0 }
