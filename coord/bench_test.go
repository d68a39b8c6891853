package coord_test

import (
	"path/filepath"
	"testing"

	"github.com/tenantkit/tenantkit/coord"
)

func BenchmarkLock(b *testing.B) {
	for name, locker := range map[string]coord.Locker{
		"local": coord.Local(),
		"dir":   coord.Dir(filepath.Join(b.TempDir(), "locks")),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, unlock, err := locker.Lock(b.Context(), "key")
				if err != nil {
					b.Fatal(err)
				}
				if err := unlock(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
