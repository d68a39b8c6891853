package auth_test

import (
	"context"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

// What a call pays for its token while one is kept.
func BenchmarkCache(b *testing.B) {
	cache := auth.Cache(auth.TokenSourceFunc(func(context.Context) (auth.Token, error) {
		return auth.Token{Value: tenantkit.NewSecret("token"), Expiry: time.Now().Add(time.Hour)}, nil
	}))
	ask := func() {
		if _, err := cache.Token(b.Context()); err != nil {
			b.Error(err)
		}
	}
	b.Run("alone", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ask()
		}
	})
	b.Run("together", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				ask()
			}
		})
	})
}

func BenchmarkParseClaims(b *testing.B) {
	token := jwtOf(map[string]any{"iss": "i", "aud": []string{"a"}, "sub": "s", "iat": 1700000000, "exp": 1700000900, "email": "e"})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := auth.ParseClaims(token); err != nil {
			b.Fatal(err)
		}
	}
}
